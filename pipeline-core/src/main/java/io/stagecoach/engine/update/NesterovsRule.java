package io.stagecoach.engine.update;

/** Gradient descent with Nesterov's momentum. Keeps the velocity. */
record NesterovsRule(double rate, double momentum) implements Rule {

  @Override
  public int states() {
    return 1;
  }

  @Override
  public boolean countsUpdates() {
    return false;
  }

  @Override
  public void apply(float[] gradient, float[][] state, int length) {
    float[] velocity = state[0];
    float r = (float) rate;
    float mu = (float) momentum;
    float back = -mu - 1;
    for (int i = 0; i < length; i++) {
      float before = mu * velocity[i];
      float after = before - r * gradient[i];
      velocity[i] = after;
      gradient[i] = before + back * after;
    }
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    double[] velocity = state[0];
    double back = -momentum - 1;
    for (int i = 0; i < length; i++) {
      double before = momentum * velocity[i];
      double after = before - rate * gradient[i];
      velocity[i] = after;
      gradient[i] = before + back * after;
    }
  }
}
