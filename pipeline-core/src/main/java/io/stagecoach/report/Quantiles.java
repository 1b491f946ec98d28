package io.stagecoach.report;

import java.util.Map;
import java.util.TreeMap;

/**
 * Quantiles of times in bounded memory: counts in buckets whose bounds grow by 2 %, so a quantile
 * is within 1 % of a value that was there.
 */
final class Quantiles {

  private static final double GROWTH = Math.log(1.02);

  private final TreeMap<Integer, Long> counts = new TreeMap<>();
  private long total;
  private long most;

  void add(long nanos) {
    counts.merge((int) Math.round(Math.log((double) Math.max(1, nanos)) / GROWTH), 1L, Long::sum);
    total++;
    most = Math.max(most, nanos);
  }

  /** The value that the share of all values does not exceed; NaN where there are none. */
  double at(double share) {
    long rank = Math.max(1, (long) Math.ceil(share * total));
    long passed = 0;
    for (Map.Entry<Integer, Long> bucket : counts.entrySet()) {
      passed += bucket.getValue();
      if (passed >= rank) {
        return Math.min((double) most, Math.exp(bucket.getKey() * GROWTH));
      }
    }
    return Double.NaN;
  }

  /** The largest value, exact; NaN where there are none. */
  double most() {
    return total == 0 ? Double.NaN : most;
  }
}
