package io.stagecoach.engine.update;

/** AdaMax. Keeps the average of the gradient and its decaying maximum. */
record AdaMaxRule(Moments moments, Rounded corrected) implements Rule {

  /** What ND4J adds so that no maximum is zero. */
  private static final double LEAST = 1e-32;

  AdaMaxRule(Moments moments) {
    this(moments, moments.firstRate());
  }

  @Override
  public int states() {
    return 2;
  }

  @Override
  public boolean countsUpdates() {
    return true;
  }

  @Override
  public void apply(float[] gradient, float[][] state, int length) {
    float[] mean = state[0];
    float[] largest = state[1];
    float beta1 = moments.beta1().single();
    float beta2 = moments.beta2().single();
    float rest1 = 1 - beta1;
    float rate = corrected.single();
    for (int i = 0; i < length; i++) {
      float g = gradient[i];
      float m = beta1 * mean[i] + g * rest1;
      float decayed = beta2 * largest[i];
      float u = (float) ((decayed > Math.abs(g) ? decayed : Math.abs(g)) + LEAST);
      mean[i] = m;
      largest[i] = u;
      gradient[i] = m * rate / u;
    }
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    double[] mean = state[0];
    double[] largest = state[1];
    double beta1 = moments.beta1().full();
    double beta2 = moments.beta2().full();
    double rest1 = 1 - beta1;
    double rate = corrected.full();
    for (int i = 0; i < length; i++) {
      double g = gradient[i];
      double m = beta1 * mean[i] + g * rest1;
      double decayed = beta2 * largest[i];
      double u = (decayed > Math.abs(g) ? decayed : Math.abs(g)) + LEAST;
      mean[i] = m;
      largest[i] = u;
      gradient[i] = m * rate / u;
    }
  }
}
