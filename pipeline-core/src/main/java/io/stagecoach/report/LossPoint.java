package io.stagecoach.report;

/**
 * A point of the loss curve.
 *
 * @param step the last step of those that the point stands for
 * @param loss their mean loss
 * @param steps how many they are
 */
public record LossPoint(long step, double loss, long steps) {

  LossPoint and(LossPoint later) {
    long both = steps + later.steps;
    return new LossPoint(later.step, (loss * steps + later.loss * later.steps) / both, both);
  }
}
