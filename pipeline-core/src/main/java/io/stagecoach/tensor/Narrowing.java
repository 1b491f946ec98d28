package io.stagecoach.tensor;

import java.io.Serializable;

/**
 * What became of float32 values that were sent as float16. Rounding to eleven bits is not counted:
 * it is what nearly every value undergoes.
 *
 * @param values how many values
 * @param nonFinite how many of them were infinite or no number, and were sent as such
 * @param clamped how many were so near to float32's own largest that they would have been rounded
 *     to more than it, and became the largest that is left
 * @param underflowed how many were so much smaller than their tensor's largest that they became 0
 */
public record Narrowing(long values, long nonFinite, long clamped, long underflowed)
    implements Serializable {

  /** Nothing was narrowed. */
  public static Narrowing none() {
    return new Narrowing(0, 0, 0, 0);
  }

  /** Both together. */
  public Narrowing plus(Narrowing more) {
    return new Narrowing(
        values + more.values,
        nonFinite + more.nonFinite,
        clamped + more.clamped,
        underflowed + more.underflowed);
  }

  /** How many values were beyond the range: not finite, or clamped. */
  public long overflowed() {
    return nonFinite + clamped;
  }
}
