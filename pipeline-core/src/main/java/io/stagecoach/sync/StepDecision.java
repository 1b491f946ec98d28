package io.stagecoach.sync;

import java.io.Serializable;

/**
 * What the driver decided about a try of a step, for whoever holds weights: nothing changes before
 * it, and once by it.
 *
 * @param update how many updates the model had seen before it: DL4J's iteration
 * @param attempt which try of the step it is about
 * @param epoch from 0
 * @param divisor what summed gradients are divided by
 * @param clipScale what they are multiplied by before; 1 for no clipping
 * @param skipped whether the weights stay as they are
 */
public record StepDecision(
    long update, int attempt, int epoch, long divisor, double clipScale, boolean skipped)
    implements Serializable {

  /** How many updates the model has seen after it. */
  public long updatesAfter() {
    return skipped ? update : update + 1;
  }
}
