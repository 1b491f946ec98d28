package io.stagecoach.engine.profile;

import java.io.Serializable;
import java.util.List;

/**
 * What a hop takes between two executors, either way.
 *
 * @param one Spark's id of one of them
 * @param other Spark's id of the other
 * @param hop what it takes
 */
public record PairTimes(String one, String other, HopTimes hop) implements Serializable {

  /** Pairs that are alike were measured to differ by less than this. */
  private static final double ALIKE = 2;

  /** Less than this makes no difference to a step. */
  private static final long SHORT_NANOS = 200_000;

  /** What it is of, for people. */
  public String words() {
    return one + " and " + other;
  }

  /** Whether it is between these two. */
  boolean isBetween(String first, String second) {
    return (one.equals(first) && other.equals(second))
        || (one.equals(second) && other.equals(first));
  }

  /**
   * Whether hops between some of these take longer than between others by more than measuring alone
   * makes them.
   *
   * @param bytes of a hop
   */
  public static boolean differ(List<PairTimes> pairs, long bytes) {
    long least = pairs.stream().mapToLong(pair -> pair.hop().of(bytes)).min().orElse(0);
    return pairs.stream()
        .mapToLong(pair -> pair.hop().of(bytes))
        .anyMatch(time -> time > ALIKE * least && time - least > SHORT_NANOS);
  }
}
