package io.stagecoach.engine.profile;

import java.io.Serializable;
import java.util.List;

/**
 * What a hop takes: a part that every hop takes, and one that grows with its bytes.
 *
 * @param fixed nanoseconds
 * @param perByte nanoseconds
 */
public record HopTimes(long fixed, double perByte) implements Serializable {

  /** Hops that take no time: a single executor has none. */
  public static final HopTimes NONE = new HopTimes(0, 0);

  public HopTimes {
    if (fixed < 0 || !(perByte >= 0)) {
      throw new IllegalArgumentException(fixed + " ns and " + perByte + " ns a byte");
    }
  }

  /**
   * The line through two measured hops; times that do not grow with the bytes are all fixed.
   *
   * @param smallBytes the bytes of the smaller
   * @param smallNanos what it took
   * @param largeBytes the bytes of the larger
   * @param largeNanos what it took
   */
  public static HopTimes through(
      long smallBytes, long smallNanos, long largeBytes, long largeNanos) {
    if (largeBytes <= smallBytes || largeNanos <= smallNanos) {
      return new HopTimes(Math.max(smallNanos, largeNanos), 0);
    }
    double slope = (double) (largeNanos - smallNanos) / (largeBytes - smallBytes);
    double fixed = smallNanos - slope * smallBytes;
    // Below 0 the larger one met something else: what is measured of the smaller one still holds.
    return fixed < 0
        ? new HopTimes(0, (double) largeNanos / largeBytes)
        : new HopTimes(Math.round(fixed), slope);
  }

  /** The mean of some. */
  public static HopTimes mean(List<HopTimes> hops) {
    return new HopTimes(
        Math.round(hops.stream().mapToLong(HopTimes::fixed).average().orElseThrow()),
        hops.stream().mapToDouble(HopTimes::perByte).average().orElseThrow());
  }

  /** The time of a hop of so many bytes, in nanoseconds. */
  public long of(long bytes) {
    return fixed + Math.round(perByte * bytes);
  }
}
