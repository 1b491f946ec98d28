package io.stagecoach.plan;

import java.util.Objects;
import java.util.Optional;

/**
 * How a stage's memory follows from its costs.
 *
 * @param stash what stages may keep of a micro-batch
 * @param slots how many micro-batches are in flight
 * @param transportWindow how many messages each way may be under way to a neighbour; at least 1
 * @param slices where stages update their own weights, what that takes
 */
public record MemoryRules(
    StashRule stash, StashSlots slots, int transportWindow, Optional<SliceMemory> slices) {

  public MemoryRules {
    Objects.requireNonNull(stash, "stash");
    Objects.requireNonNull(slots, "slots");
    Objects.requireNonNull(slices, "slices");
    if (transportWindow < 1) {
      throw new IllegalArgumentException("transport window " + transportWindow);
    }
  }

  /** The driver updates the weights. */
  public MemoryRules(StashRule stash, StashSlots slots, int transportWindow) {
    this(stash, slots, transportWindow, Optional.empty());
  }

  /** All stages keep the same, and the driver updates the weights. */
  public MemoryRules(Stash stash, StashSlots slots, int transportWindow) {
    this(StashRule.everywhere(stash), slots, transportWindow);
  }

  /**
   * What a stage needs that keeps this of a micro-batch, but for what it mirrors of others. A
   * layer's gradients have the size of its weights, and so has the accumulator; at each border with
   * a neighbour activations go one way and gradients of the same size the other.
   */
  public MemoryEstimate estimate(StageCost cost, Stash kept, int stage, int stages) {
    long inFlight = slots.at(stage, stages);
    long stashed =
        switch (kept) {
          case ACTIVATIONS -> inFlight * (cost.inputBytes() + cost.stashBytes());
          case INPUTS -> inFlight * cost.inputBytes() + cost.stashBytes();
        };
    long borders =
        (stage > 0 ? cost.inputBytes() : 0) + (stage < stages - 1 ? cost.outputBytes() : 0);
    return new MemoryEstimate(
        cost.parameterBytes(),
        cost.parameterBytes(),
        cost.parameterBytes(),
        stashed,
        cost.workingBytes(),
        2L * transportWindow * borders,
        slices.map(own -> own.owner(cost)).orElse(0L));
  }
}
