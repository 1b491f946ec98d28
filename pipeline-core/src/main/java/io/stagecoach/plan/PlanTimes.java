package io.stagecoach.plan;

import java.util.List;

/**
 * What the parts of a plan should take for one micro-batch, and a step for all of them, in
 * nanoseconds: measured layers and hops, simulated under the schedule.
 *
 * @param layers each layer's forward and backward pass together, in model order
 * @param forward each stage's forward pass
 * @param backward each stage's backward pass, with what is computed again in it
 * @param hop a hop of the largest border
 * @param step a whole step, without the update of the weights
 */
public record PlanTimes(
    List<Long> layers, List<Long> forward, List<Long> backward, long hop, long step) {

  public PlanTimes {
    layers = List.copyOf(layers);
    forward = List.copyOf(forward);
    backward = List.copyOf(backward);
    if (forward.size() != backward.size()) {
      throw new IllegalArgumentException(
          forward.size() + " forward times, " + backward.size() + " backward times");
    }
  }

  /** Both passes of a stage. */
  public long stage(int stage) {
    return forward.get(stage) + backward.get(stage);
  }
}
