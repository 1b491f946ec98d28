package io.stagecoach.report;

/**
 * A point of a curve over a run's steps.
 *
 * @param step the last step of those that the point stands for
 * @param value the mean of what they had
 * @param steps how many they are
 */
public record CurvePoint(long step, double value, long steps) {

  CurvePoint and(CurvePoint later) {
    long both = steps + later.steps;
    return new CurvePoint(later.step, (value * steps + later.value * later.steps) / both, both);
  }
}
