package io.stagecoach.stage;

import io.stagecoach.schedule.Action;
import java.io.Serializable;

/**
 * When an action ran. Times are nanoseconds since the stage heard of the step, on the stage's own
 * clock.
 *
 * @param action which action
 * @param startNanos when it began
 * @param endNanos when it ended; for a receive this includes the wait
 */
public record Span(Action action, long startNanos, long endNanos) implements Serializable {

  /** How long it took. */
  public long nanos() {
    return endNanos - startNanos;
  }

  /** Whether the device computes in it, rather than waits or carries. */
  public boolean isCompute() {
    return action.isCompute();
  }
}
