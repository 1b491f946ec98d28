package io.stagecoach.spark.cluster;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.OptionalInt;

/**
 * How many passes a tick has: one at first, so that all executors work at once; then, from what
 * ticks and passes were seen to take, as many as make a step shortest. Where ticks cost more than
 * the passes in them, fewer and fuller ones are faster. What is computed stays the same.
 */
final class TickTuning {

  /** The first steps load classes, compile and fill caches. */
  private static final int WARM_UP = 3;

  private static final int MEASURED = 3;

  /** What was seen of one schedule. */
  private static final class Seen {
    int steps;
    long wallNanos;
    long ticks;
    Map<String, LongSummaryStatistics> nanos = new HashMap<>();
    int passes = 1;
  }

  private final Map<Schedule, Seen> seen = new HashMap<>();

  /** How many passes a tick of the next step has. */
  int passes(Schedule schedule) {
    return seen.computeIfAbsent(schedule, unused -> new Seen()).passes;
  }

  /**
   * Takes what a step took.
   *
   * @param ticks how many ticks it had, those included in which nothing is computed
   * @return the number of passes, where it has just been chosen
   */
  OptionalInt observe(Schedule schedule, int ticks, long wallNanos, List<StageStep> stages) {
    Seen of = seen.computeIfAbsent(schedule, unused -> new Seen());
    of.steps++;
    if (of.steps <= WARM_UP || of.steps > WARM_UP + MEASURED) {
      return OptionalInt.empty();
    }
    of.wallNanos += wallNanos;
    of.ticks += ticks;
    for (StageStep stage : stages) {
      for (Span span : stage.spans()) {
        if (span.isCompute()) {
          of.nanos
              .computeIfAbsent(
                  key(span.action().code(), stage.stage()), unused -> new LongSummaryStatistics())
              .accept(span.nanos());
        }
      }
    }
    if (of.steps < WARM_UP + MEASURED) {
      return OptionalInt.empty();
    }
    of.passes = choose(schedule, of);
    of.nanos.clear();
    return OptionalInt.of(of.passes);
  }

  private static int choose(Schedule schedule, Seen of) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (int stage = 0; stage < schedule.stages(); stage++) {
      long second = mean(of, new Action.BackwardWeights(stage, 0));
      forward.add(mean(of, new Action.Forward(stage, 0)));
      backward.add(
          mean(of, new Action.Backward(stage, 0))
              + mean(of, new Action.BackwardInput(stage, 0))
              + second);
      weights.add(second);
    }
    StageCosts costs = new StageCosts(forward, backward, weights, 0);
    Ticks now = Ticks.of(schedule, 1);
    long beside = of.wallNanos - MEASURED * now.makespan(costs, 0);
    return Ticks.cheapest(schedule, costs, Math.max(0, beside / of.ticks)).passes();
  }

  private static long mean(Seen of, Action action) {
    LongSummaryStatistics nanos = of.nanos.get(key(action.code(), action.stage()));
    return nanos == null ? 0 : nanos.getSum() / nanos.getCount();
  }

  private static String key(String code, int stage) {
    return code + stage;
  }
}
