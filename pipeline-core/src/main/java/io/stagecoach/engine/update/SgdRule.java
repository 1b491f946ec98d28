package io.stagecoach.engine.update;

/** Plain gradient descent. */
record SgdRule(double rate) implements Rule {

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
    float r = (float) rate;
    for (int i = 0; i < length; i++) {
      gradient[i] = gradient[i] * r;
    }
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    for (int i = 0; i < length; i++) {
      gradient[i] = gradient[i] * rate;
    }
  }
}
