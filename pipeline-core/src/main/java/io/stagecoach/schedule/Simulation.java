package io.stagecoach.schedule;

import java.util.List;

/**
 * How a schedule would run.
 *
 * @param makespan the time of a step
 * @param busy for each executor the time in which its device computes
 * @param ends for each executor when its last pass is done
 * @param peakStash for each stage the most micro-batches that are stashed at once
 * @param actions every action, by executor and then in order
 */
public record Simulation(
    long makespan,
    List<Long> busy,
    List<Long> ends,
    List<Integer> peakStash,
    List<TimedAction> actions) {

  public Simulation {
    busy = List.copyOf(busy);
    ends = List.copyOf(ends);
    peakStash = List.copyOf(peakStash);
    actions = List.copyOf(actions);
  }

  /** The time in which an executor's device waits. */
  public long idle(int executor) {
    return makespan - busy.get(executor);
  }

  /** The share of the step in which an executor's device waits; 0 for a step that takes no time. */
  public double bubble(int executor) {
    return share(idle(executor), makespan);
  }

  /** The share of the step in which the devices wait, all executors together. */
  public double bubble() {
    long computed = busy.stream().mapToLong(Long::longValue).sum();
    long available = makespan * busy.size();
    return share(available - computed, available);
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
