package io.stagecoach.spark.exchange;

import java.util.concurrent.atomic.AtomicInteger;

/** Bounds how many connections may be open at once that have not been admitted yet. */
final class Strangers {

  /** Every executor of a large cluster at once; together they may make it keep 32 MiB. */
  static final int MOST = 512;

  private final AtomicInteger open = new AtomicInteger();

  /** Whether one more may stay; if so, {@link #leave} must follow. */
  boolean enter() {
    if (open.incrementAndGet() > MOST) {
      open.decrementAndGet();
      return false;
    }
    return true;
  }

  void leave() {
    open.decrementAndGet();
  }

  int open() {
    return open.get();
  }
}
