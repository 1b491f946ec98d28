package io.stagecoach.benchmarks;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.stage.Span;
import java.util.ArrayList;
import java.util.List;

/**
 * What the stages' forward and backward passes of one micro-batch took in a series of steps.
 *
 * @param forward each stage's median, in nanoseconds
 * @param backward each stage's median, in nanoseconds
 */
record StageTimes(List<Long> forward, List<Long> backward) {

  static StageTimes of(List<ResidentPipeline.Step> steps) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    for (int stage = 0; stage < ResidentPipeline.STAGES; stage++) {
      forward.add(median(steps, stage, Action.Forward.class));
      backward.add(median(steps, stage, Action.Backward.class));
    }
    return new StageTimes(forward, backward);
  }

  private static long median(
      List<ResidentPipeline.Step> steps, int stage, Class<? extends Action> kind) {
    return Times.of(
            steps.stream()
                .flatMap(step -> step.stages().get(stage).spans().stream())
                .filter(span -> kind.isInstance(span.action()))
                .map(Span::nanos)
                .toList())
        .medianNanos();
  }

  /** The time of a step that does nothing but these passes, with hops that take no time. */
  long idealStep(int microBatches) {
    return Simulator.simulate(
            ResidentPipeline.schedule(microBatches), new StageCosts(forward, backward, 0))
        .makespan();
  }

  /** The time of all stages' passes together. */
  long all(int microBatches) {
    long one = 0;
    for (int stage = 0; stage < forward.size(); stage++) {
      one += forward.get(stage) + backward.get(stage);
    }
    return microBatches * one;
  }

  /** A stage's passes of a micro-batch, in milliseconds. */
  double stageMillis(int stage) {
    return (forward.get(stage) + backward.get(stage)) / 1e6;
  }
}
