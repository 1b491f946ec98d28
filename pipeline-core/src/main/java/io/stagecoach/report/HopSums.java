package io.stagecoach.report;

/** Running sums of one side of the hops. */
final class HopSums {

  private long hops;
  private long bytes;
  private long nanos;

  void add(long moreHops, long moreBytes, long moreNanos) {
    hops += moreHops;
    bytes += moreBytes;
    nanos += moreNanos;
  }

  void add(HopSums other) {
    add(other.hops, other.bytes, other.nanos);
  }

  HopSide figures(long steps) {
    return new HopSide(
        (double) hops / steps, (double) bytes / hops, Millis.of((double) nanos / hops));
  }
}
