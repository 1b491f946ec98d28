package io.stagecoach.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Simulates schedules of any size, from their passes alone: what {@link Simulator} says of the same
 * schedule, less the times of its actions. A thousand stages and ten thousand micro-batches take
 * seconds.
 */
public final class StepSimulator {

  private static final long NOT_YET = -1;
  private static final int NOBODY = -1;

  private final PipelineShape shape;
  private final StageCosts costs;
  private final List<List<Action>> executors;
  private final int[] next;
  private final long[] clock;
  private final long[] busy;
  private final long[] forwards;
  private final long[] backwards;
  private final int[] awaitsForward;
  private final int[] awaitsBackward;
  private final int[] stashed;
  private final int[] peak;
  private final Deque<Integer> ready = new ArrayDeque<>();

  private StepSimulator(PipelineShape shape, StageCosts costs, List<List<Action>> executors) {
    this.shape = shape;
    this.costs = costs;
    this.executors = executors;
    int cells = Math.multiplyExact(shape.stages(), shape.microBatches());
    next = new int[executors.size()];
    clock = new long[executors.size()];
    busy = new long[executors.size()];
    forwards = filled(cells);
    backwards = filled(cells);
    awaitsForward = nobody(cells);
    awaitsBackward = nobody(cells);
    stashed = new int[shape.stages()];
    peak = new int[shape.stages()];
  }

  private static long[] filled(int cells) {
    long[] times = new long[cells];
    Arrays.fill(times, NOT_YET);
    return times;
  }

  private static int[] nobody(int cells) {
    int[] waiting = new int[cells];
    Arrays.fill(waiting, NOBODY);
    return waiting;
  }

  /**
   * Simulates a training step.
   *
   * @return the simulation without its actions
   * @throws IllegalArgumentException where the author's schedule deadlocks, or the costs are of
   *     another number of stages
   */
  public static Simulation simulate(ScheduleAuthor author, PipelineShape shape, StageCosts costs) {
    if (costs.forward().size() != shape.stages()) {
      throw new IllegalArgumentException(
          "costs of " + costs.forward().size() + " stages, not " + shape.stages());
    }
    return new StepSimulator(shape, costs, author.compute(shape)).run(author.name());
  }

  private Simulation run(String name) {
    for (int e = 0; e < executors.size(); e++) {
      ready.add(e);
    }
    while (!ready.isEmpty()) {
      advance(ready.remove());
    }
    long makespan = 0;
    List<Long> computed = new ArrayList<>(next.length);
    for (int e = 0; e < next.length; e++) {
      if (next[e] < executors.get(e).size()) {
        throw new IllegalArgumentException("the schedule " + name + " deadlocks");
      }
      makespan = Math.max(makespan, clock[e]);
      computed.add(busy[e]);
    }
    return new Simulation(
        makespan,
        computed,
        Arrays.stream(clock).boxed().toList(),
        Arrays.stream(peak).boxed().toList(),
        List.of());
  }

  private void advance(int executor) {
    List<Action> actions = executors.get(executor);
    while (next[executor] < actions.size()) {
      Action action = actions.get(next[executor]);
      long start = start(action, executor);
      if (start == NOT_YET) {
        return;
      }
      long time = costs.device(action);
      clock[executor] = start + time;
      busy[executor] += time;
      next[executor]++;
      finish(action, start + time);
    }
  }

  /** When it can begin, or {@link #NOT_YET}, having asked to be woken. */
  private long start(Action action, int executor) {
    int stage = action.stage();
    if (action instanceof Action.Forward && stage > 0) {
      return after(forwards, awaitsForward, stage - 1, stage - 1, action, executor);
    } else if (isGradient(action) && stage < shape.stages() - 1) {
      return after(backwards, awaitsBackward, stage + 1, stage, action, executor);
    }
    return clock[executor];
  }

  private long after(
      long[] ends, int[] awaits, int stage, int border, Action action, int executor) {
    int cell = stage * shape.microBatches() + action.microBatch();
    if (ends[cell] == NOT_YET) {
      awaits[cell] = executor;
      return NOT_YET;
    }
    long hop = shape.executors() == 1 ? 0 : costs.hops().get(border);
    return Math.max(clock[executor], ends[cell] + hop);
  }

  private void finish(Action action, long end) {
    int stage = action.stage();
    int cell = stage * shape.microBatches() + action.microBatch();
    if (action instanceof Action.Forward) {
      stashed[stage]++;
      peak[stage] = Math.max(peak[stage], stashed[stage]);
      forwards[cell] = end;
      wake(awaitsForward, cell);
    } else if (isGradient(action)) {
      backwards[cell] = end;
      wake(awaitsBackward, cell);
    }
    if (action instanceof Action.Backward || action instanceof Action.BackwardWeights) {
      stashed[stage]--;
    }
  }

  private static boolean isGradient(Action action) {
    return action instanceof Action.Backward || action instanceof Action.BackwardInput;
  }

  private void wake(int[] awaits, int cell) {
    if (awaits[cell] != NOBODY) {
      ready.add(awaits[cell]);
      awaits[cell] = NOBODY;
    }
  }
}
