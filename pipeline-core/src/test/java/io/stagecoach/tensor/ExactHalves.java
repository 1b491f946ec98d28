package io.stagecoach.tensor;

import java.math.BigDecimal;
import java.util.Arrays;

/** What halves are and which is nearest, in exact decimal arithmetic and by searching among all. */
final class ExactHalves {

  private static final int FINITE = 31 * 1024;
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /** Every finite magnitude in order, its index being its bits; and one that would come next. */
  private static final BigDecimal[] MAGNITUDES = new BigDecimal[FINITE + 1];

  static {
    for (int bits = 0; bits <= FINITE; bits++) {
      int exponent = bits / 1024;
      int mantissa = bits % 1024;
      MAGNITUDES[bits] =
          exponent == 0
              ? timesPower(BigDecimal.valueOf(mantissa), -24)
              : timesPower(BigDecimal.valueOf(1024 + mantissa), exponent - 25);
    }
  }

  private ExactHalves() {}

  static BigDecimal timesPower(BigDecimal value, int exponent) {
    return exponent >= 0
        ? value.multiply(TWO.pow(exponent))
        : value.multiply(new BigDecimal("0.5").pow(-exponent));
  }

  /** The value of a finite half. */
  static BigDecimal value(int bits) {
    BigDecimal magnitude = MAGNITUDES[bits & 0x7fff];
    return bits >= 0x8000 ? magnitude.negate() : magnitude;
  }

  /** The bits of the nearest half, ties to even; at least 0x7c00 beyond the largest. */
  static int nearest(BigDecimal magnitude) {
    int found = Arrays.binarySearch(MAGNITUDES, magnitude);
    if (found >= 0) {
      return found;
    }
    int above = -found - 1;
    if (above > FINITE) {
      return FINITE;
    }
    int below = above - 1;
    int order =
        magnitude.subtract(MAGNITUDES[below]).compareTo(MAGNITUDES[above].subtract(magnitude));
    if (order != 0) {
      return order < 0 ? below : above;
    }
    return below % 2 == 0 ? below : above;
  }

  /** What a float becomes that is finite: the nearest half of x / 2^k, times 2^k. */
  static float narrowed(float value, int exponent) {
    BigDecimal scaled = timesPower(new BigDecimal(Math.abs(value)), -exponent);
    int bits = Math.min(nearest(scaled), FINITE - 1);
    return Math.copySign(timesPower(MAGNITUDES[bits], exponent).floatValue(), value);
  }

  /** The least exponent with which this magnitude's half is finite, where it is within bounds. */
  static int leastExponent(float largest) {
    for (int exponent = -164; exponent < 112; exponent++) {
      if (nearest(timesPower(new BigDecimal(largest), -exponent)) < FINITE) {
        return exponent;
      }
    }
    return 112;
  }
}
