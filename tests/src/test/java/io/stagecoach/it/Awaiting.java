package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for what other processes bring about. */
final class Awaiting {

  private Awaiting() {}

  /** Returns when the condition holds, which it must before the deadline. */
  static void await(Duration deadline, BooleanSupplier condition) {
    long end = System.nanoTime() + deadline.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in %s", deadline).isLessThan(end);
      pause();
    }
  }

  /** A moment in which another process may get on. */
  static void pause() {
    sleep(20);
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
