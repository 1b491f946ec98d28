package io.stagecoach.batch;

/**
 * SplitMix64 (Steele, Lea, Flood 2014), written out because an order that a checkpoint depends on
 * must not change with the JDK.
 */
final class SplitMix {

  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  SplitMix(long seed) {
    this.state = seed;
  }

  /** A bijection of 64 bits that scatters neighbouring values. */
  static long mix(long value) {
    long z = value + GAMMA;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /** A number below the bound, each equally likely but for a bias below bound / 2^64. */
  private int below(int bound) {
    long bits = mix(state);
    state += GAMMA;
    return (int) Math.multiplyHigh(bits >>> 1, (long) bound << 1);
  }

  /** Fisher and Yates' shuffle. */
  void shuffle(int[] values) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = below(i + 1);
      int value = values[i];
      values[i] = values[j];
      values[j] = value;
    }
  }
}
