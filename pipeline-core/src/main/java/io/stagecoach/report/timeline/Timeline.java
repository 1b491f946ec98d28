package io.stagecoach.report.timeline;

import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.TimedAction;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import java.util.ArrayList;
import java.util.List;

/**
 * When each executor did what in one step, in nanoseconds.
 *
 * <p>In a measured step each executor's time begins when it heard of the step, which is the same
 * moment but for the time of one message; clocks of different machines are not compared.
 *
 * @param title what a person reads
 * @param executors how many there are
 * @param actions what they did, sends and receives included
 * @param driver what the driver did, in order; none where that is not known
 */
public record Timeline(
    String title, int executors, List<TimedAction> actions, List<DriverSpan> driver) {

  /**
   * Something that the driver did.
   *
   * @param what a word or two
   * @param start when it began, by the executors' zero
   * @param end when it ended
   */
  public record DriverSpan(String what, long start, long end) {}

  public Timeline {
    actions = List.copyOf(actions);
    driver = List.copyOf(driver);
  }

  /** Of a simulated step. */
  public static Timeline simulated(Schedule schedule, Simulation simulation) {
    return new Timeline("simulated", schedule.executors().size(), simulation.actions(), List.of());
  }

  /** Of a step that was run. */
  public static Timeline measured(StepRecord step) {
    List<TimedAction> actions = new ArrayList<>();
    int executors = 0;
    for (StageStep stage : step.stages()) {
      executors = Math.max(executors, stage.executor() + 1);
      for (Span span : stage.spans()) {
        actions.add(
            new TimedAction(stage.executor(), span.action(), span.startNanos(), span.endNanos()));
      }
    }
    long told = 0;
    long arrived = told + step.barrierNanos();
    return new Timeline(
        "measured",
        executors,
        actions,
        List.of(
            new DriverSpan("weights out", told - step.distributeNanos(), told),
            new DriverSpan("gradient barrier", told, arrived),
            new DriverSpan("update", arrived, arrived + step.updateNanos())));
  }

  /** When the last action ended. */
  public long makespan() {
    return actions.stream().mapToLong(TimedAction::end).max().orElse(0);
  }

  /** What an executor's device computed, in order of time. */
  public List<TimedAction> compute(int executor) {
    return actions.stream()
        .filter(timed -> timed.executor() == executor && timed.action().isCompute())
        .sorted((a, b) -> Long.compare(a.start(), b.start()))
        .toList();
  }

  /** How long an executor's device computed. */
  public long busy(int executor) {
    return compute(executor).stream().mapToLong(timed -> timed.end() - timed.start()).sum();
  }

  /** The share of the step in which the devices waited. */
  public double bubble() {
    long busy = 0;
    for (int e = 0; e < executors; e++) {
      busy += busy(e);
    }
    return makespan() == 0 ? 0 : 1 - busy / ((double) executors * makespan());
  }

  /** The most micro-batches that were stashed at once on an executor. */
  public int peakStash(int executor) {
    int stashed = 0;
    int peak = 0;
    for (TimedAction timed : compute(executor)) {
      switch (timed.action().code()) {
        case "F" -> peak = Math.max(peak, ++stashed);
        case "B", "W" -> stashed--;
        default -> {
          // The first half of a backward pass keeps its micro-batch.
        }
      }
    }
    return peak;
  }
}
