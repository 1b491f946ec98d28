package io.stagecoach.plan;

import java.io.Serializable;
import java.util.Objects;

/**
 * One stage of a plan.
 *
 * @param firstLayer its first layer, in the whole model
 * @param endLayer the layer after its last
 * @param cost what its layers cost together
 * @param memory what it needs of its device
 */
public record PlannedStage(int firstLayer, int endLayer, StageCost cost, MemoryEstimate memory)
    implements Serializable {

  public PlannedStage {
    Objects.requireNonNull(cost, "cost");
    Objects.requireNonNull(memory, "memory");
    if (firstLayer < 0 || endLayer <= firstLayer) {
      throw new IllegalArgumentException("layers " + firstLayer + " to before " + endLayer);
    }
  }

  /** How many layers it has; at least one. */
  public int layers() {
    return endLayer - firstLayer;
  }
}
