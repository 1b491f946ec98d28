package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Puts a schedule on fewer executors than it was written for, several of its executors on one,
 * where the cluster does not give as many as there were. What each stage does, and in which order,
 * stays the same, and so does what is computed.
 */
public final class FewerExecutors {

  /** Any times will do by which what sends ends before what receives. */
  private static final long FORWARD = 1_000;

  private static final long BACKWARD = 2_000;
  private static final long HOP = 1;

  private FewerExecutors() {}

  /**
   * Which of so many hosts has an executor's stages: neighbours together, as evenly as it goes.
   *
   * @param executor the executor that the schedule was written for
   * @param executors how many of these there are
   * @param hosts how many there are to put them on
   */
  public static int hostOf(int executor, int executors, int hosts) {
    return (int) ((long) executor * hosts / executors);
  }

  /** How many of the executors are on the host of one of them. */
  public static int sharing(int executor, int executors, int hosts) {
    int host = hostOf(executor, executors, hosts);
    return (int)
        IntStream.range(0, executors)
            .filter(other -> hostOf(other, executors, hosts) == host)
            .count();
  }

  /**
   * The same schedule on so many hosts.
   *
   * <p>Each host does its executors' actions in the order in which they end in a simulation. There
   * a message is received later than it was sent, and so it is when hosts take their actions in
   * that order: none can wait for one that waits for it.
   *
   * @param schedule a valid schedule, sends and receives included
   * @param hosts from 1 to as many as it has executors
   */
  public static Schedule gather(Schedule schedule, int hosts) {
    int executors = schedule.executors().size();
    if (hosts < 1 || hosts > executors) {
      throw new IllegalArgumentException(executors + " executors on " + hosts);
    }
    if (hosts == executors) {
      return schedule;
    }
    List<List<TimedAction>> gathered = new ArrayList<>();
    for (int host = 0; host < hosts; host++) {
      gathered.add(new ArrayList<>());
    }
    StageCosts costs = StageCosts.equal(schedule.stages(), FORWARD, BACKWARD, HOP);
    for (TimedAction timed : Simulator.simulate(schedule, costs).actions()) {
      gathered.get(hostOf(timed.executor(), executors, hosts)).add(timed);
    }
    List<List<Action>> lists = new ArrayList<>();
    for (List<TimedAction> actions : gathered) {
      actions.sort(Comparator.comparingLong(TimedAction::end));
      lists.add(actions.stream().map(TimedAction::action).toList());
    }
    return new Schedule(
        schedule.name(), schedule.stages(), schedule.microBatches(), schedule.passes(), lists);
  }
}
