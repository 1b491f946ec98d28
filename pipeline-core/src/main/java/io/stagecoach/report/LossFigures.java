package io.stagecoach.report;

import java.util.List;

/**
 * The loss over a run; steps whose loss was not finite are left out.
 *
 * @param first of the first step
 * @param last of the last step
 * @param least the least of any step
 * @param leastStep which step that was; -1 where there is none
 * @param curve by step, in a bounded number of points
 * @param validations what validations found, likewise
 */
public record LossFigures(
    double first,
    double last,
    double least,
    long leastStep,
    List<CurvePoint> curve,
    List<CurvePoint> validations) {

  public LossFigures {
    curve = List.copyOf(curve);
    validations = validations == null ? List.of() : List.copyOf(validations);
  }
}
