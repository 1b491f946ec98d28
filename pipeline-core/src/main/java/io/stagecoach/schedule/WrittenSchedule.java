package io.stagecoach.schedule;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.function.Predicate;

/**
 * A schedule that somebody wrote down. For a mini-batch of fewer micro-batches, such as the last of
 * an epoch, the passes of the missing ones are left out, which leaves it as possible as it was.
 */
public final class WrittenSchedule implements ScheduleAuthor {

  private final Schedule written;

  private WrittenSchedule(Schedule written) {
    this.written = written;
  }

  /**
   * Reads it and checks it; sends and receives may be there, or be left to us.
   *
   * @throws StagecoachException CONFIGURATION where the text is not a valid training schedule
   */
  public static WrittenSchedule parse(String text) {
    Schedule parsed = Schedule.parse(text);
    checkNumbers(parsed);
    Schedule schedule = Lowering.lower(parsed);
    if (schedule.passes() != Passes.FORWARD_AND_BACKWARD) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "The schedule " + schedule.name() + " does not train: its passes are forward only",
          "Write its first line with 'passes forward-and-backward', and its backward passes.");
    }
    ScheduleValidator.validate(schedule, Limits.none(schedule.stages()));
    return new WrittenSchedule(schedule);
  }

  /** Every stage and micro-batch has a pass; what checks them has room for as many as are named. */
  private static void checkNumbers(Schedule schedule) {
    long actions = schedule.executors().stream().mapToLong(List::size).sum();
    if (schedule.stages() > actions || schedule.microBatches() > actions) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          String.format(
              "The schedule %s names %d stages and %d micro-batches, but has %d actions in all",
              schedule.name(), schedule.stages(), schedule.microBatches(), actions),
          "Correct the numbers in its first line, or write the passes that are missing.");
    }
  }

  @Override
  public String name() {
    return written.name();
  }

  @Override
  public Passes passes() {
    return written.passes();
  }

  @Override
  public List<List<Action>> compute(PipelineShape shape) {
    boolean fits =
        shape.stages() == written.stages()
            && shape.executors() == written.executors().size()
            && shape.microBatches() <= written.microBatches();
    for (int stage = 0; fits && stage < shape.stages(); stage++) {
      fits = written.executorOf(stage) == stage % shape.executors();
    }
    if (!fits) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          String.format(
              "The schedule %s is for %d stages on %d executors and %d micro-batches, not for %d"
                  + " on %d and %d",
              name(),
              written.stages(),
              written.executors().size(),
              written.microBatches(),
              shape.stages(),
              shape.executors(),
              shape.microBatches()),
          "Set stages, chunks and microBatches as in its text; stage s must be on executor s modulo"
              + " their number.");
    }
    Predicate<Action> there =
        action -> action.isCompute() && action.microBatch() < shape.microBatches();
    return written.executors().stream()
        .map(actions -> actions.stream().filter(there).toList())
        .toList();
  }
}
