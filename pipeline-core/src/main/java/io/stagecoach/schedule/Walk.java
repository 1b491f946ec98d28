package io.stagecoach.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Walks the lists of all executors as far as they go, each with its own clock. An executor that
 * must wait is woken by what it waits for, so a walk takes time in proportion to the number of
 * actions. The order in which executors are served does not change any time: what an action waits
 * for is one certain other action.
 *
 * <p>Every stage must be on one executor, and no send or receive be there twice.
 */
final class Walk {

  private static final long NOT_YET = -1;
  private static final int NOBODY = -1;

  private final Schedule schedule;
  private final StageCosts costs;
  private final int credits;
  private final Links links;
  private final int[] next;
  private final long[] clock;
  private final long[] arrival;
  private final int[] awaitsMessage;
  private final int[] awaitsCredit;
  private final int[] sent;
  private final List<List<Long>> taken;
  private final boolean[] local;
  private final List<List<TimedAction>> timed = new ArrayList<>();
  private final Deque<Integer> ready = new ArrayDeque<>();

  /**
   * @param credits how many messages a link holds that were not received; a send waits while there
   *     are as many
   */
  Walk(Schedule schedule, StageCosts costs, int credits) {
    this.schedule = schedule;
    this.costs = costs;
    this.credits = credits;
    this.links = new Links(schedule.stages(), schedule.microBatches());
    int executors = schedule.executors().size();
    next = new int[executors];
    clock = new long[executors];
    arrival = new long[links.messages()];
    Arrays.fill(arrival, NOT_YET);
    awaitsMessage = new int[links.messages()];
    Arrays.fill(awaitsMessage, NOBODY);
    awaitsCredit = new int[links.count()];
    Arrays.fill(awaitsCredit, NOBODY);
    sent = new int[links.count()];
    taken = new ArrayList<>();
    for (int link = 0; link < links.count(); link++) {
      taken.add(new ArrayList<>());
    }
    local = localLinks();
    for (int e = 0; e < executors; e++) {
      timed.add(new ArrayList<>(schedule.executors().get(e).size()));
      ready.add(e);
    }
    while (!ready.isEmpty()) {
      advance(ready.remove());
    }
  }

  /** The first action of an executor that never ran; the length of its list if all ran. */
  int reached(int executor) {
    return next[executor];
  }

  /** Whether all actions ran. */
  boolean isComplete() {
    for (int e = 0; e < next.length; e++) {
      if (next[e] < schedule.executors().get(e).size()) {
        return false;
      }
    }
    return true;
  }

  /** What ran on an executor, in order. */
  List<TimedAction> timed(int executor) {
    return timed.get(executor);
  }

  /** Links between two stages of one executor need no credit and no time: nothing leaves it. */
  private boolean[] localLinks() {
    int[] executorOf = new int[schedule.stages()];
    for (int e = 0; e < schedule.executors().size(); e++) {
      for (Action action : schedule.executors().get(e)) {
        executorOf[action.stage()] = e;
      }
    }
    boolean[] result = new boolean[links.count()];
    for (int link = 0; link < result.length; link++) {
      result[link] = executorOf[link / 2] == executorOf[link / 2 + 1];
    }
    return result;
  }

  private void advance(int executor) {
    List<Action> actions = schedule.executors().get(executor);
    while (next[executor] < actions.size()) {
      Action action = actions.get(next[executor]);
      long end = run(action, executor);
      if (end == NOT_YET) {
        return;
      }
      timed.get(executor).add(new TimedAction(executor, action, clock[executor], end));
      clock[executor] = end;
      next[executor]++;
    }
  }

  /** When the action ends, or {@link #NOT_YET}, having asked to be woken. */
  private long run(Action action, int executor) {
    if (action.isCompute()) {
      return clock[executor] + costs.device(action);
    } else if (Links.isSend(action)) {
      return send(action, executor);
    }
    return receive(action, executor);
  }

  private long send(Action action, int executor) {
    int link = links.link(action);
    long at = clock[executor];
    int mustBeTaken = local[link] ? 0 : sent[link] - credits + 1;
    if (mustBeTaken > 0) {
      if (taken.get(link).size() < mustBeTaken) {
        awaitsCredit[link] = executor;
        return NOT_YET;
      }
      at = Math.max(at, taken.get(link).get(mustBeTaken - 1));
    }
    sent[link]++;
    int message = links.message(action);
    arrival[message] = local[link] ? at : at + costs.hops().get(link / 2);
    awaitsMessage[message] = wake(awaitsMessage[message]);
    return at;
  }

  private long receive(Action action, int executor) {
    int message = links.message(action);
    if (arrival[message] == NOT_YET) {
      awaitsMessage[message] = executor;
      return NOT_YET;
    }
    int link = links.link(action);
    long at = Math.max(clock[executor], arrival[message]);
    taken.get(link).add(at);
    awaitsCredit[link] = wake(awaitsCredit[link]);
    return at;
  }

  private int wake(int executor) {
    if (executor != NOBODY) {
      ready.add(executor);
    }
    return NOBODY;
  }
}
