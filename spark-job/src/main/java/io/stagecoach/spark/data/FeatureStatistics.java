package io.stagecoach.spark.data;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Arrays;

/**
 * Mean, deviation and range of each feature, or of each channel where an example has several values
 * per channel; the same to the last bit in whatever order the examples come.
 */
final class FeatureStatistics implements Serializable {

  private static final BigInteger UNITS_PER_ONE = BigInteger.ONE.shiftLeft(-ExactSum.UNIT_EXPONENT);

  private final double[] least;
  private final double[] greatest;
  private final ExactSum[] sums;
  private final ExactSum[] squares;
  private long count;

  FeatureStatistics(int channels) {
    least = new double[channels];
    greatest = new double[channels];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    Arrays.fill(greatest, Double.NEGATIVE_INFINITY);
    sums = new ExactSum[channels];
    squares = new ExactSum[channels];
    for (int i = 0; i < channels; i++) {
      sums[i] = new ExactSum();
      squares[i] = new ExactSum();
    }
  }

  /** Adds an example: finite values, those of a channel next to each other. */
  void add(double[] example) {
    int perChannel = example.length / sums.length;
    for (int i = 0; i < example.length; i++) {
      int channel = i / perChannel;
      double value = example[i];
      least[channel] = Math.min(least[channel], value);
      greatest[channel] = Math.max(greatest[channel], value);
      sums[channel].add(value);
      double square = value * value;
      squares[channel].add(square);
      // What rounding took from the square: zero for every float.
      squares[channel].add(Math.fma(value, value, -square));
    }
    count += perChannel;
  }

  /** Adds the examples of another. */
  void add(FeatureStatistics other) {
    for (int i = 0; i < sums.length; i++) {
      least[i] = Math.min(least[i], other.least[i]);
      greatest[i] = Math.max(greatest[i], other.greatest[i]);
      sums[i].add(other.sums[i]);
      squares[i].add(other.squares[i]);
    }
    count += other.count;
  }

  /** The least value of each channel. */
  double[] least() {
    return least.clone();
  }

  /** The greatest value of each channel. */
  double[] greatest() {
    return greatest.clone();
  }

  /** The mean of each channel. */
  double[] means() {
    double[] means = new double[sums.length];
    BigInteger divisor = UNITS_PER_ONE.multiply(BigInteger.valueOf(count));
    for (int i = 0; i < means.length; i++) {
      means[i] = quotient(sums[i].units(), divisor);
    }
    return means;
  }

  /** The standard deviation of each channel, of the population as DL4J takes it. */
  double[] deviations() {
    double[] deviations = new double[sums.length];
    BigInteger n = BigInteger.valueOf(count);
    BigInteger divisor = UNITS_PER_ONE.multiply(n).pow(2);
    for (int i = 0; i < deviations.length; i++) {
      BigInteger sum = sums[i].units();
      BigInteger square = squares[i].units().multiply(UNITS_PER_ONE).multiply(n);
      deviations[i] = Math.sqrt(quotient(square.subtract(sum.multiply(sum)), divisor));
    }
    return deviations;
  }

  private static double quotient(BigInteger dividend, BigInteger divisor) {
    return new BigDecimal(dividend)
        .divide(new BigDecimal(divisor), MathContext.DECIMAL128)
        .doubleValue();
  }
}
