package io.stagecoach.report;

/**
 * What one stage did, in milliseconds.
 *
 * @param stage which stage
 * @param executor the executor of the pipeline that it is on
 * @param forward a micro-batch's forward pass, mean
 * @param backward a micro-batch's backward pass, mean
 * @param weights the part of it that the second halves of split passes take; NaN where none is
 *     split
 * @param busy in a step the device computed
 * @param idle in a step its executor's device waited, until the slowest stage was done
 * @param peakStash the most micro-batches stashed at once, in any step
 * @param sent hops that this stage sent
 * @param received hops that this stage received
 */
public record StageFigures(
    int stage,
    int executor,
    double forward,
    double backward,
    double weights,
    double busy,
    double idle,
    int peakStash,
    HopSide sent,
    HopSide received) {

  /**
   * The share of a step in which the executor's device waited.
   *
   * @param slowestStage how long the slowest stage takes in a step, in milliseconds
   */
  public double idleShare(double slowestStage) {
    return idle / slowestStage;
  }
}
