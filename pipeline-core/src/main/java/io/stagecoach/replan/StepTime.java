package io.stagecoach.replan;

import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;

/**
 * What a step takes, as far as it depends on the stages: how hops are carried makes a difference.
 */
@FunctionalInterface
public interface StepTime {

  /** In nanoseconds. */
  long of(Schedule schedule, StageCosts costs);

  /** Where hops are under way beside the compute. */
  static StepTime streaming() {
    return (schedule, costs) -> Simulator.simulate(schedule, costs).makespan();
  }
}
