package io.stagecoach.report;

/** Nanoseconds as milliseconds. */
final class Millis {

  private static final double NANOS = 1e6;

  private Millis() {}

  static double of(double nanos) {
    return nanos / NANOS;
  }

  /** A mean; NaN of nothing. */
  static double mean(long nanos, long count) {
    return of((double) nanos / count);
  }

  /** Whole nanoseconds; 0 of NaN: what never ran takes no time. */
  static long toNanos(double millis) {
    return Math.round(millis * NANOS);
  }
}
