package io.stagecoach.replan;

import io.stagecoach.plan.Stash;
import java.util.ArrayList;
import java.util.List;

/**
 * What layers are thought to take on a device like any other, for one micro-batch, in nanoseconds:
 * measured before the run. Only their proportions matter.
 */
public final class LayerEstimates {

  private final List<Long> forwardBefore;
  private final List<Long> backwardBefore;

  /**
   * @param forward each layer's forward pass, in model order
   * @param backward each layer's backward pass
   */
  public LayerEstimates(List<Long> forward, List<Long> backward) {
    if (forward.size() != backward.size() || forward.isEmpty()) {
      throw new IllegalArgumentException(
          forward.size() + " forward times, " + backward.size() + " backward times");
    }
    this.forwardBefore = sums(forward);
    this.backwardBefore = sums(backward);
  }

  private static List<Long> sums(List<Long> times) {
    List<Long> before = new ArrayList<>(List.of(0L));
    for (long time : times) {
      // What was too short to be measured takes a moment all the same.
      before.add(before.get(before.size() - 1) + Math.max(1, time));
    }
    return List.copyOf(before);
  }

  /** The forward pass through the layers from {@code first} to before {@code end}. */
  long forward(int first, int end) {
    return forwardBefore.get(end) - forwardBefore.get(first);
  }

  /** The backward pass through the same layers, with what a stage that keeps this runs again. */
  long backward(int first, int end, Stash stash) {
    return backwardBefore.get(end)
        - backwardBefore.get(first)
        + (stash == Stash.INPUTS ? forward(first, end) : 0);
  }
}
