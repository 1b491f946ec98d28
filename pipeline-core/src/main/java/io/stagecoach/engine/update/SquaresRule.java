package io.stagecoach.engine.update;

/**
 * The gradient by the root of what is kept of its squares: their sum (AdaGrad) or their average
 * (RMSProp).
 *
 * @param rate the learning rate at this step
 * @param keep what is kept of the squares before; 1 for their sum
 * @param add what counts of the new one
 */
record SquaresRule(double rate, Rounded keep, Rounded add, double epsilon) implements Rule {

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
    float[] squares = state[0];
    float r = (float) rate;
    float kept = keep.single();
    float added = add.single();
    float e = (float) epsilon;
    for (int i = 0; i < length; i++) {
      float g = gradient[i];
      float square = squares[i] * kept + g * g * added;
      squares[i] = square;
      gradient[i] = (r * g) / ((float) Math.sqrt(square) + e);
    }
  }

  @Override
  public void apply(double[] gradient, double[][] state, int length) {
    double[] squares = state[0];
    double kept = keep.full();
    double added = add.full();
    for (int i = 0; i < length; i++) {
      double g = gradient[i];
      double square = squares[i] * kept + g * g * added;
      squares[i] = square;
      gradient[i] = (rate * g) / (Math.sqrt(square) + epsilon);
    }
  }
}
