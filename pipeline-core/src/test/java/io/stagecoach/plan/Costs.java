package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.List;

/** Made-up models for the tests of this room. */
final class Costs {

  private Costs() {}

  /** A layer that costs only time. */
  static LayerCost time(int index, long operations) {
    return layer(index, operations, 0, 8, 8);
  }

  /** A layer; two thirds of its operations are the backward pass. */
  static LayerCost layer(
      int index, long operations, long parameters, long outputBytes, long stashBytes) {
    long forward = operations / 3;
    return new LayerCost(
        index,
        "layer" + index,
        "Dense",
        parameters,
        4 * parameters,
        outputBytes,
        stashBytes,
        0,
        forward,
        operations - forward);
  }

  /** A model of layers that cost only time. */
  static ModelCosts times(long... operations) {
    List<LayerCost> layers = new ArrayList<>();
    for (int i = 0; i < operations.length; i++) {
      layers.add(time(i, operations[i]));
    }
    return new ModelCosts(layers, 8, 4);
  }

  /** Four slots at every stage, everything kept, one message each way. */
  static MemoryRules rules() {
    return new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(4), 1);
  }

  /** No memory limit. */
  static PlanRequest request(ModelCosts model, int stages) {
    return new PlanRequest(model, stages, rules(), DeviceLimits.UNLIMITED);
  }
}
