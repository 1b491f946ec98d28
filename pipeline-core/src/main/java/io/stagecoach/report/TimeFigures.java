package io.stagecoach.report;

/**
 * Where a step's time went, in milliseconds a step unless said otherwise.
 *
 * @param totalSeconds all steps together, warm-up included
 * @param examplesPerSecond examples trained on per second
 * @param step a whole step, mean
 * @param stepMedian half the steps took no longer; within 1 %
 * @param stepP95 95 of 100 steps took no longer; within 1 %
 * @param stepMost the longest step
 * @param slowestStage the slowest stage's own time
 * @param barrier the driver's wait for the last gradients
 * @param update averaging, norm, clipping and update
 * @param distribute handing out the new weights
 */
public record TimeFigures(
    double totalSeconds,
    double examplesPerSecond,
    double step,
    double stepMedian,
    double stepP95,
    double stepMost,
    double slowestStage,
    double barrier,
    double update,
    double distribute) {

  /** What a step took beyond its slowest stage. */
  public double beyondStages() {
    return step - slowestStage;
  }

  /** The share of a step that something took. */
  public double share(double millis) {
    return millis / step;
  }
}
