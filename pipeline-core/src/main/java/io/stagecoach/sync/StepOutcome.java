package io.stagecoach.sync;

import io.stagecoach.engine.Loss;

/**
 * What the synchronizer decided about a step.
 *
 * @param loss the loss of the mini-batch, sums
 * @param regularization the penalty of all stages at the step's weights
 * @param globalNorm the norm of the averaged gradient before clipping; NaN or infinite if skipped
 * @param clipScale what the gradient was multiplied by; 1 for no clipping
 * @param skipped whether the weights were left as they are because something was not finite
 */
public record StepOutcome(
    Loss loss, double regularization, double globalNorm, double clipScale, boolean skipped) {

  /** Loss for each label vector: time step, or example where there is no time axis. */
  public double lossPerLabel() {
    return loss.sum() / loss.timeSteps();
  }
}
