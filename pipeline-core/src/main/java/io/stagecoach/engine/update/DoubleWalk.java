package io.stagecoach.engine.update;

/** The walk in 64 bits. */
final class DoubleWalk implements Walk {

  private static final int PIECE = PIECE_BYTES / Double.BYTES;

  private final double[] weights = new double[PIECE];
  private final double[] gradients = new double[PIECE];
  private final double[][] states = new double[STATES][PIECE];

  @Override
  public void update(Vectors vectors, Stretch stretch, Recipe recipe) {
    for (long done = 0; done < stretch.length(); done += PIECE) {
      int length = (int) Math.min(PIECE, stretch.length() - done);
      long from = stretch.offset() + done;
      vectors.gradients().read(from, gradients, length);
      vectors.weights().read(from, weights, length);
      for (int i = 0; i < stretch.states().size(); i++) {
        vectors.state().orElseThrow().read(stretch.states().get(i) + done, states[i], length);
      }
      compute(recipe, length);
      vectors.weights().write(from, weights, length);
      for (int i = 0; i < stretch.states().size(); i++) {
        vectors.state().orElseThrow().write(stretch.states().get(i) + done, states[i], length);
      }
      if (vectors.updates().isPresent()) {
        vectors.updates().get().write(from, gradients, length);
      }
    }
  }

  private void compute(Recipe recipe, int length) {
    average(recipe, length);
    for (Penalty penalty : recipe.before()) {
      penalty.add(weights, gradients, length);
    }
    recipe.rule().apply(gradients, states, length);
    for (Penalty penalty : recipe.after()) {
      penalty.add(weights, gradients, length);
    }
    subtract(weights, gradients, length);
  }

  private void average(Recipe recipe, int length) {
    double scale = recipe.scale();
    double divisor = recipe.divisor();
    if (Powers.isOfTwo(recipe.divisor())) {
      multiply(gradients, scale, 1 / divisor, length);
    } else {
      divide(gradients, scale, divisor, length);
    }
  }

  /** Two roundings, as of two operations one after the other. */
  private static void multiply(double[] values, double scale, double factor, int length) {
    if (scale == 1 && factor == 1) {
      return;
    }
    for (int i = 0; i < length; i++) {
      values[i] = values[i] * scale * factor;
    }
  }

  private static void divide(double[] values, double scale, double divisor, int length) {
    for (int i = 0; i < length; i++) {
      values[i] = values[i] * scale / divisor;
    }
  }

  private static void subtract(double[] from, double[] what, int length) {
    for (int i = 0; i < length; i++) {
      from[i] = from[i] - what[i];
    }
  }
}
