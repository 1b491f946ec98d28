package io.stagecoach.scale;

import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.StageTime;
import java.util.List;

/** What runs of layers take on devices of different speeds, in nanoseconds. */
final class StageSpeeds {

  private StageSpeeds() {}

  static StageTime of(ModelCosts model, List<DescribedDevice> devices) {
    long[] before = new long[model.size() + 1];
    for (LayerCost layer : model.layers()) {
      before[layer.index() + 1] = Math.addExact(before[layer.index()], layer.operations());
    }
    double[] nanosPerOperation =
        devices.stream().mapToDouble(device -> 1e9 / device.operationsPerSecond()).toArray();
    return (stage, first, end) ->
        Math.round((before[end] - before[first]) * nanosPerOperation[stage]);
  }
}
