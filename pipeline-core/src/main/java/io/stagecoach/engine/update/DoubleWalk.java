package io.stagecoach.engine.update;

/** The walk in 64 bits. */
final class DoubleWalk implements Walk {

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
    if (recipe.scale() != 1) {
      multiply(gradients, recipe.scale(), length);
    }
    if (recipe.divisor() != 1) {
      divide(gradients, recipe.divisor(), length);
    }
    for (Penalty penalty : recipe.before()) {
      penalty.add(weights, gradients, length);
    }
    recipe.rule().apply(gradients, states, length);
    for (Penalty penalty : recipe.after()) {
      penalty.add(weights, gradients, length);
    }
    subtract(weights, gradients, length);
  }

  private static void multiply(double[] values, double factor, int length) {
    for (int i = 0; i < length; i++) {
      values[i] = values[i] * factor;
    }
  }

  private static void divide(double[] values, double divisor, int length) {
    for (int i = 0; i < length; i++) {
      values[i] = values[i] / divisor;
    }
  }

  private static void subtract(double[] from, double[] what, int length) {
    for (int i = 0; i < length; i++) {
      from[i] = from[i] - what[i];
    }
  }
}
