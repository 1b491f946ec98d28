package io.stagecoach.engine.update;

/** Adam. Keeps the averages of the gradient and of its square. */
record AdamRule(Moments moments, Rounded corrected) implements Rule {

  AdamRule(Moments moments) {
    this(moments, moments.bothRate());
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
    float[] square = state[1];
    float beta1 = moments.beta1().single();
    float beta2 = moments.beta2().single();
    float rest1 = 1 - beta1;
    float rest2 = 1 - beta2;
    float epsilon = moments.epsilon().single();
    float rate = corrected.single();
    for (int i = 0; i < length; i++) {
      float g = gradient[i];
      float m = beta1 * mean[i] + g * rest1;
      float v = beta2 * square[i] + g * g * rest2;
      mean[i] = m;
      square[i] = v;
      gradient[i] = (m * rate) / ((float) Math.sqrt(v) + epsilon);
    }
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    double[] mean = state[0];
    double[] square = state[1];
    double beta1 = moments.beta1().full();
    double beta2 = moments.beta2().full();
    double rest1 = 1 - beta1;
    double rest2 = 1 - beta2;
    double epsilon = moments.epsilon().full();
    double rate = corrected.full();
    for (int i = 0; i < length; i++) {
      double g = gradient[i];
      double m = beta1 * mean[i] + g * rest1;
      double v = beta2 * square[i] + g * g * rest2;
      mean[i] = m;
      square[i] = v;
      gradient[i] = (m * rate) / (Math.sqrt(v) + epsilon);
    }
  }
}
