package io.stagecoach.checkpoint;

import java.time.Duration;

/**
 * How often checkpoints are written: every so many steps, or whenever so much time has passed, or
 * never.
 *
 * @param steps after how many steps; 0 where time counts
 * @param time after how much time; zero where steps count
 */
public record Interval(long steps, Duration time) {

  private static final Interval NEVER = new Interval(0, Duration.ZERO);

  public Interval {
    if (steps < 0 || time.isNegative() || (steps > 0 && !time.isZero())) {
      throw new IllegalArgumentException("an interval of " + steps + " steps and of " + time);
    }
  }

  /** No checkpoints. */
  public static Interval never() {
    return NEVER;
  }

  /** Every so many steps. */
  public static Interval ofSteps(long steps) {
    return new Interval(steps, Duration.ZERO);
  }

  /** Whenever so much time has passed. */
  public static Interval of(Duration time) {
    return new Interval(0, time);
  }

  /** Whether there are none. */
  public boolean isNever() {
    return steps == 0 && time.isZero();
  }

  /**
   * Whether one is due.
   *
   * @param stepsSince how many steps were done since the last one was taken, or the run began
   * @param nanosSince how much time has passed since
   */
  public boolean isDue(long stepsSince, long nanosSince) {
    if (isNever() || stepsSince < 1) {
      return false;
    }
    return steps > 0 ? stepsSince >= steps : nanosSince >= time.toNanos();
  }
}
