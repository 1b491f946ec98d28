package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * Says how a schedule would run, given what its parts cost. Devices compute one action at a time;
 * hops cost latency, but no device's time; sends do not wait.
 */
public final class Simulator {

  private Simulator() {}

  /**
   * Simulates one step.
   *
   * @param schedule a valid schedule, sends and receives included
   * @throws IllegalArgumentException where the schedule cannot run to its end, or the costs are of
   *     another number of stages
   */
  public static Simulation simulate(Schedule schedule, StageCosts costs) {
    if (costs.forward().size() != schedule.stages()) {
      throw new IllegalArgumentException(
          "costs of " + costs.forward().size() + " stages, not " + schedule.stages());
    }
    Walk walk = new Walk(schedule, costs, Integer.MAX_VALUE);
    if (!walk.isComplete()) {
      throw new IllegalArgumentException("the schedule " + schedule.name() + " deadlocks");
    }
    long makespan = 0;
    List<Long> busy = new ArrayList<>();
    List<Long> ends = new ArrayList<>();
    List<TimedAction> actions = new ArrayList<>();
    for (int e = 0; e < schedule.executors().size(); e++) {
      long computed = 0;
      long end = 0;
      for (TimedAction timed : walk.timed(e)) {
        makespan = Math.max(makespan, timed.end());
        if (timed.action().isCompute()) {
          computed += timed.end() - timed.start();
          end = Math.max(end, timed.end());
        }
      }
      busy.add(computed);
      ends.add(end);
      actions.addAll(walk.timed(e));
    }
    return new Simulation(makespan, busy, ends, schedule.peakStash(), actions);
  }
}
