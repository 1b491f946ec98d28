package io.stagecoach.engine.update;

/** Adam with Nesterov's momentum. Keeps the averages of the gradient and of its square. */
record NadamRule(Moments moments, Rounded share) implements Rule {

  NadamRule(Moments moments) {
    this(moments, moments.firstShare());
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
    float rate = moments.rate().single();
    float beta1 = moments.beta1().single();
    float beta2 = moments.beta2().single();
    float rest1 = 1 - beta1;
    float rest2 = 1 - beta2;
    float epsilon = moments.epsilon().single();
    float first = share.single();
    for (int i = 0; i < length; i++) {
      float g = gradient[i];
      float part = g * rest1;
      float m = beta1 * mean[i] + part;
      float v = beta2 * square[i] + g * g * rest2;
      mean[i] = m;
      square[i] = v;
      gradient[i] = (rate * ((m * beta1 + part) / first)) / ((float) Math.sqrt(v) + epsilon);
    }
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    double[] mean = state[0];
    double[] square = state[1];
    double rate = moments.rate().full();
    double beta1 = moments.beta1().full();
    double beta2 = moments.beta2().full();
    double rest1 = 1 - beta1;
    double rest2 = 1 - beta2;
    double epsilon = moments.epsilon().full();
    double first = share.full();
    for (int i = 0; i < length; i++) {
      double g = gradient[i];
      double part = g * rest1;
      double m = beta1 * mean[i] + part;
      double v = beta2 * square[i] + g * g * rest2;
      mean[i] = m;
      square[i] = v;
      gradient[i] = (rate * ((m * beta1 + part) / first)) / (Math.sqrt(v) + epsilon);
    }
  }
}
