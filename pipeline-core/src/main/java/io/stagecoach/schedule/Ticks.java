package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A schedule in lockstep: in every tick each executor performs a run of its actions, and what is
 * sent in a tick can be received in the next one and later. What an exchange needs that carries
 * hops in rounds.
 *
 * <p>In a tick an executor performs all that it can, with two bounds: what it would receive must
 * have been sent in an earlier tick (or before, by a stage of its own), and of each of its stages
 * it does not take more than {@code passes} forward and as many backward passes. Without the second
 * bound there would be fewest ticks, and no two executors would work at the same time. No other way
 * of cutting within these bounds has fewer ticks, for performing an action earlier never delays
 * another.
 *
 * @param schedule what is cut, sends and receives included
 * @param passes the most forward and the most backward passes of a stage in a tick
 * @param runs by tick, then by executor, what is performed
 */
public record Ticks(Schedule schedule, int passes, List<List<List<Action>>> runs) {

  public Ticks {
    runs = runs.stream().map(List::copyOf).toList();
  }

  /**
   * Cuts a valid schedule.
   *
   * @param passes the most forward and the most backward passes of a stage in a tick, at least 1;
   *     the second halves of split backward passes are not counted
   * @throws IllegalArgumentException where the schedule deadlocks
   */
  public static Ticks of(Schedule schedule, int passes) {
    if (passes < 1) {
      throw new IllegalArgumentException(passes + " passes in a tick");
    }
    return new Ticks(schedule, passes, new Cutter(schedule, passes).cut());
  }

  /**
   * The cut of least time: few ticks where ticks are dear, many where passes are.
   *
   * @param costs what passes take; hops are the ticks' own
   * @param tickCost what a tick takes beside its passes
   */
  public static Ticks cheapest(Schedule schedule, StageCosts costs, long tickCost) {
    Ticks best = of(schedule, 1);
    for (int passes = 2; passes < 2 * schedule.microBatches(); passes *= 2) {
      Ticks next = of(schedule, Math.min(passes, schedule.microBatches()));
      if (next.makespan(costs, tickCost) < best.makespan(costs, tickCost)) {
        best = next;
      }
    }
    return best;
  }

  /** How many ticks there are. */
  public int count() {
    return runs.size();
  }

  /**
   * The time of a step: in each tick that of the executor that computes longest, and the tick's
   * own.
   */
  public long makespan(StageCosts costs, long tickCost) {
    long sum = 0;
    for (List<List<Action>> tick : runs) {
      long longest = 0;
      for (List<Action> run : tick) {
        longest = Math.max(longest, run.stream().mapToLong(costs::device).sum());
      }
      sum += longest + tickCost;
    }
    return sum;
  }

  /** Takes the runs off the executors' lists. */
  private static final class Cutter {

    private record Taken(int forward, int backward) {}

    private final Schedule schedule;
    private final int passes;
    private final Links links;
    private final int[] next;
    private final int[] executorOf;
    private final int[] sentIn;

    Cutter(Schedule schedule, int passes) {
      this.schedule = schedule;
      this.passes = passes;
      this.links = new Links(schedule.stages(), schedule.microBatches());
      this.next = new int[schedule.executors().size()];
      this.executorOf = new int[schedule.stages()];
      this.sentIn = new int[links.messages()];
      Arrays.fill(sentIn, Integer.MAX_VALUE);
      for (int e = 0; e < next.length; e++) {
        for (Action action : schedule.executors().get(e)) {
          executorOf[action.stage()] = e;
        }
      }
    }

    List<List<List<Action>>> cut() {
      List<List<List<Action>>> runs = new ArrayList<>();
      int left = schedule.executors().stream().mapToInt(List::size).sum();
      while (left > 0) {
        List<List<Action>> tick = new ArrayList<>();
        for (int e = 0; e < next.length; e++) {
          List<Action> run = run(e, runs.size());
          left -= run.size();
          tick.add(run);
        }
        if (tick.stream().allMatch(List::isEmpty)) {
          throw new IllegalArgumentException("the schedule " + schedule.name() + " deadlocks");
        }
        runs.add(tick);
      }
      return runs;
    }

    private List<Action> run(int executor, int tick) {
      List<Action> actions = schedule.executors().get(executor);
      Map<Integer, Taken> taken = new HashMap<>();
      int start = next[executor];
      int end = start;
      while (end < actions.size() && isOpen(actions.get(end), executor, tick, taken)) {
        Action action = actions.get(end);
        if (Links.isSend(action)) {
          sentIn[links.message(action)] = tick;
        }
        end++;
      }
      next[executor] = end;
      return actions.subList(start, end);
    }

    private boolean isOpen(Action action, int executor, int tick, Map<Integer, Taken> taken) {
      if (action.isCompute()) {
        Taken before = taken.getOrDefault(action.stage(), new Taken(0, 0));
        Taken after = before;
        if (action instanceof Action.Forward) {
          after = new Taken(before.forward() + 1, before.backward());
        } else if (!(action instanceof Action.BackwardWeights)) {
          after = new Taken(before.forward(), before.backward() + 1);
        }
        taken.put(action.stage(), after);
        return after.forward() <= passes && after.backward() <= passes;
      }
      if (Links.isSend(action)) {
        return true;
      }
      int sent = sentIn[links.message(action)];
      boolean local = executorOf[sender(action)] == executor;
      return sent != Integer.MAX_VALUE && (local ? sent <= tick : sent < tick);
    }

    private static int sender(Action receive) {
      return receive instanceof Action.ReceiveActivations
          ? receive.stage() - 1
          : receive.stage() + 1;
    }
  }
}
