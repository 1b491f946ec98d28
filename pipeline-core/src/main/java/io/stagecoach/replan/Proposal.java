package io.stagecoach.replan;

import io.stagecoach.plan.Plan;

/**
 * Another cut of a pipeline at work.
 *
 * @param plan the cut
 * @param nowNanos what a step should take as things are, by simulation of what was measured
 * @param thenNanos what it should take then
 * @param reason a line for people: what was seen, what changes, what that should bring
 */
public record Proposal(Plan plan, long nowNanos, long thenNanos, String reason) {

  /** What a step should take less, in nanoseconds. */
  long gainNanos() {
    return nowNanos - thenNanos;
  }
}
