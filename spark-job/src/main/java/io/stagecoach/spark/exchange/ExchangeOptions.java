package io.stagecoach.spark.exchange;

import java.time.Duration;

/**
 * How a stage's hops are carried.
 *
 * @param epoch numbers the cut that the stage belongs to: both ends of a hop must have the same
 * @param credit how many hops of one kind a stage that computes lets a neighbour have outstanding
 * @param hopTimeout the longest wait for a hop, or for credit to send one
 */
public record ExchangeOptions(long epoch, int credit, Duration hopTimeout) {

  /** Room for a neighbour that runs ahead, without holding a whole step of a large M. */
  public static final int DEFAULT_CREDIT = 16;

  public ExchangeOptions {
    if (credit < 1) {
      throw new IllegalArgumentException("a credit of " + credit + " hops lets nothing through");
    }
    if (hopTimeout.isNegative() || hopTimeout.isZero()) {
      throw new IllegalArgumentException("a wait of " + hopTimeout);
    }
  }

  /** The default credit. */
  public static ExchangeOptions of(long epoch, Duration hopTimeout) {
    return new ExchangeOptions(epoch, DEFAULT_CREDIT, hopTimeout);
  }
}
