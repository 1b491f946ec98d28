package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.StageCosts;
import java.util.List;

/**
 * A plan and how it would run.
 *
 * @param plan the plan
 * @param costs what its stages and hops take
 * @param step a step, in nanoseconds
 * @param bubble the share of it in which executors wait
 */
record SimulatedPlan(TrainingPlan plan, StageCosts costs, long step, double bubble) {

  static SimulatedPlan of(TrainingPlan plan, StageCosts costs, long step) {
    long computed = 0;
    for (List<Action> actions : plan.schedule().executors()) {
      computed += actions.stream().mapToLong(costs::device).sum();
    }
    double available = (double) step * plan.schedule().executors().size();
    return new SimulatedPlan(plan, costs, step, available > 0 ? 1 - computed / available : 0);
  }

  /** What its parts should take. */
  PlanTimes times(RunProfile profile) {
    // All replicas are alike.
    return profile.planTimes(plan.rows(), costs.slowest(plan.replicas()), step);
  }

  String name() {
    return plan.author().name();
  }

  int microBatches() {
    return plan.schedule().microBatches();
  }
}
