package io.stagecoach.engine.profile;

import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.List;

/**
 * What was measured before a run's first step, on the machines that it runs on.
 *
 * @param batchSize the examples of a mini-batch
 * @param model the layers, with their sizes for some micro-batch
 * @param layers what they take
 * @param hops what hops take
 * @param seconds what measuring took
 */
public record RunProfile(
    int batchSize, ModelCosts model, LayerTimes layers, HopTimes hops, double seconds) {

  /** How the stages' passes are made up. */
  public enum Backward {
    /** In one piece. */
    WHOLE,
    /** In two halves. */
    SPLIT,
    /** In one piece, after forward has been run again. */
    RECOMPUTED
  }

  /** Each layer's forward and backward pass together, in nanoseconds. */
  public List<Long> layerTimes(int rows) {
    List<Long> times = new ArrayList<>();
    for (int layer = 0; layer < layers.layers(); layer++) {
      times.add(layers.layer(layer, rows).total());
    }
    return times;
  }

  /** What a plan's stages and hops cost, for micro-batches of so many examples, in nanoseconds. */
  public StageCosts costs(Plan plan, int rows, Backward backward) {
    List<Long> forward = new ArrayList<>();
    List<Long> whole = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (PlannedStage stage : plan.stages()) {
      PassTimes times = layers.stage(stage.firstLayer(), stage.endLayer(), rows);
      forward.add(times.forward());
      whole.add(
          switch (backward) {
            case WHOLE -> times.backward();
            case SPLIT -> times.backwardInput() + times.backwardWeights();
            case RECOMPUTED -> times.forward() + times.backward();
          });
      weights.add(backward == Backward.SPLIT ? times.backwardWeights() : 0L);
    }
    return new StageCosts(forward, whole, weights, hops.of(largestHop(plan, rows)));
  }

  /** The bytes of the largest hop, for micro-batches of so many examples. */
  private long largestHop(Plan plan, int rows) {
    return plan.stages().stream()
        .limit(plan.stages().size() - 1L)
        .mapToLong(stage -> bytes(model.bytesInto(stage.endLayer()), rows))
        .max()
        .orElse(0);
  }

  private long bytes(long ofTheModel, int rows) {
    return ofTheModel * rows / model.microBatch();
  }
}
