package io.stagecoach.engine.update;

/**
 * A constant of a rule in either type of numbers: rounding the full one to 32 bits is not always
 * what ND4J computes with.
 *
 * @param single in 32 bits
 * @param full in 64 bits
 */
record Rounded(float single, double full) {

  static final Rounded ONE = of(1);

  static Rounded of(double value) {
    return new Rounded((float) value, value);
  }

  /** One minus this. */
  Rounded rest() {
    return new Rounded(1 - single, 1 - full);
  }

  /** This, or another where it is zero or not finite: what ND4J does with a rate. */
  Rounded orIfUnusable(double other) {
    return new Rounded(
        Float.isFinite(single) && single != 0 ? single : (float) other,
        Double.isFinite(full) && full != 0 ? full : other);
  }
}
