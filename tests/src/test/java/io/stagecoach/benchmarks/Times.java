package io.stagecoach.benchmarks;

import java.util.Collection;
import java.util.List;

/** Durations of one thing, over and over, sorted. */
record Times(List<Long> sortedNanos) {

  static Times of(Collection<Long> nanos) {
    return new Times(nanos.stream().sorted().toList());
  }

  /** The duration that so large a share of them does not exceed, in nanoseconds; NaN of none. */
  double nanos(double quantile) {
    return sortedNanos.isEmpty()
        ? Double.NaN
        : sortedNanos.get((int) (quantile * (sortedNanos.size() - 1)));
  }

  double medianMillis() {
    return nanos(0.5) / 1e6;
  }

  long medianNanos() {
    return (long) nanos(0.5);
  }
}
