package io.stagecoach.report;

/**
 * What one stage did, in milliseconds.
 *
 * @param stage which stage
 * @param forward a micro-batch's forward pass, mean
 * @param backward a micro-batch's backward pass, mean
 * @param busy in a step the device computed
 * @param idle in a step the device waited, until the slowest stage was done
 * @param peakStash the most micro-batches stashed at once, in any step
 * @param sent hops that this stage sent
 * @param received hops that this stage received
 */
public record StageFigures(
    int stage,
    double forward,
    double backward,
    double busy,
    double idle,
    int peakStash,
    HopSide sent,
    HopSide received) {

  /** The share of a step in which the device waited. */
  public double idleShare() {
    return idle / (busy + idle);
  }
}
