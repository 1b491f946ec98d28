package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.WireType;
import java.time.Duration;

/**
 * How a stage's hops are carried.
 *
 * @param epoch numbers the cut that the stage belongs to: both ends of a hop must have the same
 * @param credit how many hops of one kind a stage that computes lets a neighbour have outstanding
 * @param hopTimeout the longest wait for a hop, or for credit to send one
 * @param wireType as what floats travel: both ends of a hop must have the same
 */
public record ExchangeOptions(long epoch, int credit, Duration hopTimeout, WireType wireType) {

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

  /** Floats travel as they are. */
  public ExchangeOptions(long epoch, int credit, Duration hopTimeout) {
    this(epoch, credit, hopTimeout, WireType.FLOAT32);
  }

  /** The default credit; floats travel as they are. */
  public static ExchangeOptions of(long epoch, Duration hopTimeout) {
    return new ExchangeOptions(epoch, DEFAULT_CREDIT, hopTimeout);
  }
}
