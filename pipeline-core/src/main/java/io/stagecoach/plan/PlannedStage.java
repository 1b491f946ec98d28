package io.stagecoach.plan;

import java.io.Serializable;
import java.util.Objects;

/**
 * One stage of a plan.
 *
 * @param firstLayer its first layer, in the whole model
 * @param endLayer the layer after its last
 * @param cost what its layers cost together
 * @param stash what it keeps of a micro-batch until its backward pass
 * @param memory what it needs of its device
 */
public record PlannedStage(
    int firstLayer, int endLayer, StageCost cost, Stash stash, MemoryEstimate memory)
    implements Serializable {

  public PlannedStage {
    Objects.requireNonNull(cost, "cost");
    Objects.requireNonNull(stash, "stash");
    Objects.requireNonNull(memory, "memory");
    if (firstLayer < 0 || endLayer <= firstLayer) {
      throw new IllegalArgumentException("layers " + firstLayer + " to before " + endLayer);
    }
  }

  /** Whether its backward pass runs forward again. */
  public boolean recomputes() {
    return stash == Stash.INPUTS;
  }

  /** Operations of the backward pass, with what it runs again. */
  public long backwardOperations() {
    return cost.backwardOperations() + (recomputes() ? cost.forwardOperations() : 0);
  }

  /** Operations of both passes, with what is run again. */
  public long operations() {
    return cost.forwardOperations() + backwardOperations();
  }

  /** How many layers it has; at least one. */
  public int layers() {
    return endLayer - firstLayer;
  }
}
