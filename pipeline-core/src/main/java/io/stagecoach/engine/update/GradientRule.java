package io.stagecoach.engine.update;

/** The gradient itself is subtracted. */
record GradientRule() implements Rule {

  @Override
  public int states() {
    return 0;
  }

  @Override
  public boolean countsUpdates() {
    return false;
  }

  @Override
  public void apply(float[] gradient, float[][] state, int length) {
    // As it is.
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    // As it is.
  }
}
