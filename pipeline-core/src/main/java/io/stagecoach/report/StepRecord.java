package io.stagecoach.report;

import io.stagecoach.schedule.Schedule;
import io.stagecoach.stage.StageStep;
import java.util.List;

/**
 * One training step, as the driver saw it to its end.
 *
 * @param step which step
 * @param loss the mini-batch's mean loss; not finite where the step was skipped for that
 * @param globalNorm the norm of the averaged gradient before clipping
 * @param skipped whether the weights were left as they are
 * @param examples how many examples the mini-batch had
 * @param wallNanos from the beginning of the step to the beginning of the next
 * @param barrierNanos how long the driver, with nothing else to do, waited for the last stage's
 *     gradients
 * @param updateNanos averaging, norm, clipping and update of the weights
 * @param distributeNanos handing the new weights to the stages
 * @param stages what each stage did, in any order
 */
public record StepRecord(
    long step,
    double loss,
    double globalNorm,
    boolean skipped,
    long examples,
    long wallNanos,
    long barrierNanos,
    long updateNanos,
    long distributeNanos,
    List<StageStep> stages) {

  public StepRecord {
    stages = List.copyOf(stages);
  }

  /** Whether it was a step of a whole mini-batch: the last one of an epoch may be smaller. */
  public boolean isWhole(Schedule schedule) {
    int actions = stages.stream().mapToInt(stage -> stage.spans().size()).sum();
    return actions == schedule.executors().stream().mapToInt(List::size).sum();
  }

  /** The slowest stage's time: the window in which each stage is either busy or idle. */
  public long windowNanos() {
    return stages.stream().mapToLong(StageStep::elapsedNanos).max().orElse(0);
  }

  /** The share of the window in which an executor waited: 1 − its stages' busy time / window. */
  public double idleShare(int executor) {
    long busy =
        stages.stream()
            .filter(stage -> stage.executor() == executor)
            .mapToLong(StageStep::busyNanos)
            .sum();
    return 1 - (double) busy / windowNanos();
  }

  /** The share in which all executors together waited: 1 − Σ busy / (executors × window). */
  public double bubble() {
    return stages.stream()
        .mapToInt(StageStep::executor)
        .distinct()
        .mapToDouble(this::idleShare)
        .average()
        .orElse(Double.NaN);
  }
}
