package io.stagecoach.engine.update;

/**
 * The constants of an updater that keeps moving averages of the gradient and of its size. What
 * undoes that averages begin at zero is computed once a step, rounded where ND4J rounds.
 *
 * @param rate the learning rate at this step
 * @param beta1 the decay of the gradient's average
 * @param beta2 that of its size
 * @param epsilon what keeps divisors from zero
 * @param iteration updates before this one
 */
record Moments(Rounded rate, Rounded beta1, Rounded beta2, Rounded epsilon, int iteration) {

  Moments(double rate, double beta1, double beta2, double epsilon, int iteration) {
    this(Rounded.of(rate), Rounded.of(beta1), Rounded.of(beta2), Rounded.of(epsilon), iteration);
  }

  /** The share of the gradient's average that is there by now. */
  Rounded firstShare() {
    return new Rounded((float) single(beta1), full(beta1));
  }

  /** The rate for an average of gradients that is divided by a size without an average. */
  Rounded firstRate() {
    return new Rounded((float) (rate.single() / single(beta1)), rate.full() / full(beta1))
        .orIfUnusable(epsilon.full());
  }

  /** The rate for an average of gradients that is divided by the root of one of squares. */
  Rounded bothRate() {
    float root = (float) Math.sqrt((float) single(beta2));
    return new Rounded(
            (float) (rate.single() * root / single(beta1)),
            rate.full() * Math.sqrt(full(beta2)) / full(beta1))
        .orIfUnusable(epsilon.full());
  }

  /** ND4J subtracts a power in 32 bits from a one in 64. */
  private double single(Rounded decay) {
    return 1.0 - (float) Math.pow(decay.single(), (float) iteration + 1);
  }

  private double full(Rounded decay) {
    return 1.0 - Math.pow(decay.full(), (double) iteration + 1);
  }
}
