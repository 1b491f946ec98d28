package io.stagecoach.replan;

import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.StageTime;
import io.stagecoach.plan.Stash;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.List;

/**
 * How long each executor's device takes for its layers, as a multiple of what was estimated:
 * forward and backward passes apart, for a device may be slow at one of them.
 *
 * @param forward by executor
 * @param backward by executor
 */
record DeviceSpeeds(List<Double> forward, List<Double> backward) {

  DeviceSpeeds {
    forward = List.copyOf(forward);
    backward = List.copyOf(backward);
  }

  /**
   * What a pipeline shows.
   *
   * @param observed what its stages take
   * @param plan its cut
   * @param executors how many host its stages: stage s is on executor s mod executors
   */
  static DeviceSpeeds of(StageCosts observed, Plan plan, int executors, LayerEstimates estimates) {
    List<Double> forward = new ArrayList<>();
    List<Double> backward = new ArrayList<>();
    for (int executor = 0; executor < executors; executor++) {
      long forwardSeen = 0;
      long forwardEstimated = 0;
      long backwardSeen = 0;
      long backwardEstimated = 0;
      for (int s = executor; s < plan.stages().size(); s += executors) {
        PlannedStage stage = plan.stages().get(s);
        forwardSeen += observed.forward().get(s);
        backwardSeen += observed.backward().get(s);
        forwardEstimated += estimates.forward(stage.firstLayer(), stage.endLayer());
        backwardEstimated +=
            estimates.backward(stage.firstLayer(), stage.endLayer(), stage.stash());
      }
      forward.add((double) forwardSeen / forwardEstimated);
      backward.add((double) backwardSeen / backwardEstimated);
    }
    return new DeviceSpeeds(forward, backward);
  }

  /** The same devices, when each place has the one that has the given place now. */
  DeviceSpeeds inOrder(List<Integer> order) {
    return new DeviceSpeeds(
        order.stream().map(forward::get).toList(), order.stream().map(backward::get).toList());
  }

  /** What any run of layers would take as any stage, in nanoseconds. */
  StageTime times(LayerEstimates estimates) {
    StageTime whole =
        (stage, first, end) ->
            forward(stage, first, end, estimates)
                + backward(stage, first, end, Stash.ACTIVATIONS, estimates);
    // A device may be slow at all that belongs to a backward pass.
    StageTime again =
        (stage, first, end) ->
            backward(stage, first, end, Stash.INPUTS, estimates)
                - backward(stage, first, end, Stash.ACTIVATIONS, estimates);
    return StageTime.of(whole, again);
  }

  private long forward(int stage, int first, int end, LayerEstimates estimates) {
    return Math.round(forward.get(stage % forward.size()) * estimates.forward(first, end));
  }

  private long backward(int stage, int first, int end, Stash stash, LayerEstimates estimates) {
    return Math.round(
        backward.get(stage % backward.size()) * estimates.backward(first, end, stash));
  }

  /**
   * What the stages of another cut would take; hops as they are, and of the backward passes the
   * same share for the weights.
   */
  StageCosts costs(Plan other, StageCosts observed, LayerEstimates estimates) {
    List<Long> forwards = new ArrayList<>();
    List<Long> backwards = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (int s = 0; s < other.stages().size(); s++) {
      PlannedStage stage = other.stages().get(s);
      forwards.add(forward(s, stage.firstLayer(), stage.endLayer(), estimates));
      long whole = backward(s, stage.firstLayer(), stage.endLayer(), stage.stash(), estimates);
      backwards.add(whole);
      double share = (double) observed.weights().get(s) / Math.max(1, observed.backward().get(s));
      weights.add(stage.recomputes() ? 0 : Math.min(whole, Math.round(share * whole)));
    }
    return new StageCosts(forwards, backwards, weights, observed.hop());
  }

  /** How many times as long as the fastest executor one takes for the same layers. */
  double relative(int executor) {
    double fastest = Double.MAX_VALUE;
    for (int other = 0; other < forward.size(); other++) {
      fastest = Math.min(fastest, forward.get(other) + backward.get(other));
    }
    return (forward.get(executor) + backward.get(executor)) / fastest;
  }
}
