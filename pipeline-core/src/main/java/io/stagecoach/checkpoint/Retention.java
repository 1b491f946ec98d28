package io.stagecoach.checkpoint;

import java.time.Duration;
import java.time.Instant;

/**
 * Which checkpoints are kept. The newest always is.
 *
 * @param count the most that are kept, at least 1
 * @param age how old they may become; zero for no limit
 */
public record Retention(int count, Duration age) {

  public Retention {
    if (count < 1 || age.isNegative()) {
      throw new IllegalArgumentException("keep " + count + " checkpoints for " + age);
    }
  }

  /**
   * Whether one is kept.
   *
   * @param newer how many are newer
   * @param written when it was written
   */
  boolean keeps(int newer, Instant written, Instant now) {
    return newer == 0 || (newer < count && (age.isZero() || !written.plus(age).isBefore(now)));
  }
}
