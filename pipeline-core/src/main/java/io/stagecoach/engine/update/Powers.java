package io.stagecoach.engine.update;

/** Numbers by which a division is a multiplication. */
final class Powers {

  private Powers() {}

  /**
   * Whether a whole number is a power of two: its reciprocal is exact then, so that to multiply by
   * that rounds what to divide by it does, and a division takes several times as long.
   *
   * @param divisor at least 1
   */
  static boolean isOfTwo(double divisor) {
    long whole = (long) divisor;
    return whole == divisor && Long.bitCount(whole) == 1;
  }
}
