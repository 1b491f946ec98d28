package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.replan.HopEstimates;
import io.stagecoach.replan.LayerEstimates;
import io.stagecoach.replan.StepTime;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.util.List;
import java.util.Optional;

/**
 * What the parts of a plan cost, by what is known before the first step.
 *
 * @param layers what the layers take
 * @param stages what the plan's stages take, of all replicas, and hops
 * @param stepTime what a step takes by that
 * @param profile what was measured; none where these are operations, which have no unit of time
 */
record PartCosts(
    LayerEstimates layers, StageCosts stages, StepTime stepTime, Optional<RunProfile> profile) {

  /** As they were measured. */
  static PartCosts measured(RunProfile profile, TrainingPlan plan, ExchangeKind exchange) {
    return new PartCosts(
        Replanning.estimates(profile, plan),
        profile
            .costs(plan.plan(), plan.rows(), PipelineChoices.backward(plan))
            .replicated(plan.replicas()),
        Replanning.stepTime(exchange, profile, plan),
        Optional.of(profile));
  }

  /** As if time went as operations do, and hops were free. */
  static PartCosts operations(TrainingPlan plan) {
    List<LayerCost> layers = plan.plan().model().layers();
    return new PartCosts(
        new LayerEstimates(
            layers.stream().map(LayerCost::forwardOperations).toList(),
            layers.stream().map(layer -> layer.operations() - layer.forwardOperations()).toList()),
        plan.operations(),
        StepTime.streaming(),
        Optional.empty());
  }

  /**
   * What hops between executors should take.
   *
   * @param executors Spark's ids of those that have the places
   */
  HopEstimates hops(List<String> executors) {
    return profile
        .map(measured -> HopEstimates.measured(measured, executors))
        .orElse(HopEstimates.FREE);
  }

  /** What the parts of a plan should take, where times are known. */
  Optional<PlanTimes> times(TrainingPlan plan, StageCosts ofAll, long step) {
    return profile.map(
        measured -> measured.planTimes(plan.rows(), ofAll.slowest(plan.replicas()), step));
  }
}
