package io.stagecoach.replan;

import io.stagecoach.plan.Plan;
import io.stagecoach.schedule.StageCosts;
import java.util.List;

/**
 * Another cut of a pipeline at work.
 *
 * @param plan the cut
 * @param order for each executor's place in the pipeline, the place that the executor has now which
 *     is to take it
 * @param nowNanos what a step should take as things are, by simulation of what was measured
 * @param thenNanos what it should take then
 * @param costs what its stages should take on the devices that they are to be on, in nanoseconds
 * @param reason a line for people: what was seen, what changes, what that should bring
 */
public record Proposal(
    Plan plan,
    List<Integer> order,
    long nowNanos,
    long thenNanos,
    StageCosts costs,
    String reason) {

  public Proposal {
    order = List.copyOf(order);
  }

  /** Whether executors change places. */
  public boolean changesPlaces() {
    return !order.equals(order.stream().sorted().toList());
  }

  /** What a step should take less, in nanoseconds. */
  long gainNanos() {
    return nowNanos - thenNanos;
  }
}
