package io.stagecoach.replan;

import io.stagecoach.engine.profile.RunProfile;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a hop between two executors should take, by the places that these have now: where the
 * network is not the same between all of them, their order makes a difference.
 */
@FunctionalInterface
public interface HopEstimates {

  /** Bytes by which latencies are told apart. */
  long SMALL = 1;

  /** Bytes by which bandwidths are. */
  long LARGE = 1 << 20;

  /** They take no time. */
  HopEstimates FREE = (from, to, bytes) -> 0;

  /** As long between any two, whatever it carries. */
  HopEstimates EQUAL = (from, to, bytes) -> 1;

  /**
   * In nanoseconds, or in any unit that is the same throughout where only proportions matter.
   *
   * @param bytes of what passes, for one micro-batch
   */
  double of(int from, int to, long bytes);

  /**
   * As they were measured before the run; between any two the same, where pairs did not differ by
   * more than measuring makes them.
   *
   * @param executors Spark's ids of those that have the places
   */
  static HopEstimates measured(RunProfile profile, List<String> executors) {
    if (!profile.pairsDiffer()) {
      return (from, to, bytes) -> profile.hops().of(bytes);
    }
    List<String> ids = List.copyOf(executors);
    return (from, to, bytes) -> profile.hop(ids.get(from), ids.get(to), bytes);
  }

  /**
   * The same in proportion, so that the mean of some hops is what it was seen to be.
   *
   * @param estimated what was estimated of these hops
   * @param seen their mean, in nanoseconds
   */
  default HopEstimates scaledTo(List<Double> estimated, double seen) {
    double mean = estimated.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    double share = mean > 0 ? seen / mean : 0;
    return (from, to, bytes) -> share * of(from, to, bytes);
  }

  /** Whether some two of so many executors are further from each other than others. */
  default boolean differ(int executors) {
    return IntStream.range(0, executors)
            .boxed()
            .flatMap(
                from ->
                    IntStream.range(0, from)
                        .mapToObj(to -> List.of(of(from, to, SMALL), of(from, to, LARGE))))
            .distinct()
            .count()
        > 1;
  }
}
