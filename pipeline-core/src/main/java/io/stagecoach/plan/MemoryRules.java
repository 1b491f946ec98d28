package io.stagecoach.plan;

import java.util.Objects;

/**
 * How a stage's memory follows from its costs.
 *
 * @param stash what is kept of a micro-batch
 * @param slots how many micro-batches are in flight
 * @param transportWindow how many messages each way may be under way to a neighbour; at least 1
 */
public record MemoryRules(Stash stash, StashSlots slots, int transportWindow) {

  public MemoryRules {
    Objects.requireNonNull(stash, "stash");
    Objects.requireNonNull(slots, "slots");
    if (transportWindow < 1) {
      throw new IllegalArgumentException("transport window " + transportWindow);
    }
  }

  /**
   * What a stage needs. A layer's gradients have the size of its weights, and so has the
   * accumulator; at each border with a neighbour activations go one way and gradients of the same
   * size the other.
   */
  public MemoryEstimate estimate(StageCost cost, int stage, int stages) {
    long inFlight = slots.at(stage, stages);
    long kept =
        switch (stash) {
          case ACTIVATIONS -> inFlight * (cost.inputBytes() + cost.stashBytes());
          case INPUTS -> inFlight * cost.inputBytes() + cost.stashBytes();
        };
    long borders =
        (stage > 0 ? cost.inputBytes() : 0) + (stage < stages - 1 ? cost.outputBytes() : 0);
    return new MemoryEstimate(
        cost.parameterBytes(),
        cost.parameterBytes(),
        cost.parameterBytes(),
        kept,
        cost.workingBytes(),
        2L * transportWindow * borders);
  }
}
