package io.stagecoach.spark.data;

import java.io.Serializable;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * A sum of doubles without any rounding, so that it does not depend on the order of the additions,
 * and with it not on how a table is partitioned. Digits of 32 bits in a fixed-point number whose
 * unit is the smallest double, 2<sup>-1074</sup> (the "superaccumulator" of U. Kulisch, Computer
 * Arithmetic and Validity, 2008); only the digits in use are kept.
 */
final class ExactSum implements Serializable {

  /** The exponent of the unit in which {@link #units()} counts. */
  static final int UNIT_EXPONENT = -1074;

  private static final long DIGIT = 0xFFFF_FFFFL;

  /** An addition adds less than 2^33 to a digit, which overflows at 2^63. */
  private static final int ADDITIONS_BEFORE_CARRY = 1 << 28;

  private long[] digits = new long[0];

  /** The place of {@code digits[0]}. */
  private int first;

  private int additions;

  /**
   * Adds a value.
   *
   * @throws IllegalArgumentException where it is not finite
   */
  void add(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("not finite: " + value);
    }
    long bits = Double.doubleToRawLongBits(value);
    int exponent = (int) (bits >>> 52) & 0x7FF;
    long mantissa = bits & ((1L << 52) - 1);
    if (exponent == 0) {
      if (mantissa == 0) {
        return;
      }
      exponent = 1;
    } else {
      mantissa |= 1L << 52;
    }
    int place = (exponent - 1) >>> 5;
    int shift = (exponent - 1) & 31;
    long low = (mantissa & DIGIT) << shift;
    long high = (mantissa >>> 32) << shift;
    int at = room(place, place + 3);
    long sign = bits < 0 ? -1 : 1;
    digits[at] += sign * (low & DIGIT);
    digits[at + 1] += sign * ((low >>> 32) + (high & DIGIT));
    digits[at + 2] += sign * (high >>> 32);
    if (++additions == ADDITIONS_BEFORE_CARRY) {
      carry();
    }
  }

  /** Adds everything that was added to the other. */
  void add(ExactSum other) {
    if (other.digits.length == 0) {
      return;
    }
    other.carry();
    carry();
    int at = room(other.first, other.first + other.digits.length);
    for (int i = 0; i < other.digits.length; i++) {
      digits[at + i] += other.digits[i];
    }
    carry();
  }

  /** The sum, in units of 2^{@link #UNIT_EXPONENT}. */
  BigInteger units() {
    BigInteger sum = BigInteger.ZERO;
    for (int i = digits.length - 1; i >= 0; i--) {
      sum = sum.shiftLeft(32).add(BigInteger.valueOf(digits[i]));
    }
    return sum.shiftLeft(32 * first);
  }

  /**
   * Makes the places from (inclusive) to (exclusive) exist, and says where the first of them is.
   */
  private int room(int from, int to) {
    int low = digits.length == 0 ? from : Math.min(from, first);
    int high = digits.length == 0 ? to : Math.max(to, first + digits.length);
    if (high - low != digits.length) {
      long[] wider = new long[high - low];
      System.arraycopy(digits, 0, wider, digits.length == 0 ? 0 : first - low, digits.length);
      digits = wider;
      first = low;
    }
    return from - first;
  }

  /** Brings every digit but the last, which holds the sign, below 2^32. */
  private void carry() {
    additions = 0;
    for (int i = 0; i < digits.length - 1; i++) {
      digits[i + 1] += digits[i] >> 32;
      digits[i] &= DIGIT;
    }
    int last = digits.length - 1;
    if (last >= 0 && digits[last] >> 32 != 0 && digits[last] >> 32 != -1) {
      digits = Arrays.copyOf(digits, digits.length + 1);
      digits[last + 1] = digits[last] >> 32;
      digits[last] &= DIGIT;
    }
  }
}
