package io.stagecoach.engine.update;

/** AdaDelta. Keeps the averages of the squares of gradients and of updates. */
record AdaDeltaRule(double rho, double epsilon) implements Rule {

  @Override
  public int states() {
    return 2;
  }

  @Override
  public boolean countsUpdates() {
    return false;
  }

  @Override
  public void apply(float[] gradient, float[][] state, int length) {
    float[] gradients = state[0];
    float[] updates = state[1];
    float keep = (float) rho;
    float rest = 1 - keep;
    float e = (float) epsilon;
    for (int i = 0; i < length; i++) {
      float g = gradient[i];
      float square = keep * gradients[i] + g * g * rest;
      float u = g * ((float) Math.sqrt(updates[i] + e) / (float) Math.sqrt(square + e));
      gradients[i] = square;
      updates[i] = keep * updates[i] + u * u * rest;
      gradient[i] = u;
    }
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    double[] gradients = state[0];
    double[] updates = state[1];
    double rest = 1 - rho;
    for (int i = 0; i < length; i++) {
      double g = gradient[i];
      double square = rho * gradients[i] + g * g * rest;
      double u = g * (Math.sqrt(updates[i] + epsilon) / Math.sqrt(square + epsilon));
      gradients[i] = square;
      updates[i] = rho * updates[i] + u * u * rest;
      gradient[i] = u;
    }
  }
}
