package io.stagecoach.report;

/**
 * The best of a run's validations.
 *
 * @param epoch after how many whole epochs of the run it was; 0 where there was none
 * @param step after how many of its steps
 * @param loss what it measured; NaN where there was none
 */
public record BestFigures(int epoch, long step, double loss) {

  private static final BestFigures NONE = new BestFigures(0, 0, Double.NaN);

  /** No validation yet. */
  public static BestFigures none() {
    return NONE;
  }

  /** Whether there was one. */
  public boolean found() {
    return !Double.isNaN(loss);
  }
}
