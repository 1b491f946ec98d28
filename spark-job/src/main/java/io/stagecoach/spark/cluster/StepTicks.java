package io.stagecoach.spark.cluster;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.Ticks;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * A step in ticks: those of its schedule and, where stages keep their weights, what these need for
 * what they have for each other. What one tick sends is there in the next one. Each executor does
 * everything as early as that allows, so most of it is in ticks that the schedule has anyway: who
 * has done its last pass sends its gradients while others still compute.
 */
final class StepTicks {

  private final Ticks schedule;

  /** Of the first tick of the schedule. */
  private final int first;

  /** By tick, then by executor. */
  private final List<List<List<StepPart>>> parts = new ArrayList<>();

  /**
   * @param schedule its schedule, cut
   * @param traffic who waits for whom beside it
   */
  StepTicks(Ticks schedule, SliceTraffic traffic) {
    this.schedule = schedule;
    int executors = schedule.schedule().executors().size();
    int[] begin = all(executors, executor -> traffic.weights().get(executor).isEmpty() ? 0 : 1);
    this.first =
        IntStream.range(0, executors).map(e -> begin[e] - firstRun(e)).max().orElse(0) > 0 ? 1 : 0;
    int[] share = all(executors, executor -> Math.max(begin[executor], first + lastRun(executor)));
    int[] reduce = after(share, traffic.replicas(), share);
    int[] addUses = after(reduce, traffic.uses(), reduce);
    int last = IntStream.of(after(addUses, traffic.mirrors(), addUses)).max().orElseThrow();
    boolean weightsAreSent = traffic.weights().stream().anyMatch(from -> !from.isEmpty());
    for (int tick = 0; tick <= last; tick++) {
      List<List<StepPart>> now = new ArrayList<>();
      for (int executor = 0; executor < executors; executor++) {
        List<StepPart> own = new ArrayList<>();
        add(own, StepPart.FOLLOW, tick == 0);
        add(own, StepPart.SEND_WEIGHTS, tick == 0 && weightsAreSent);
        add(own, StepPart.BEGIN, tick == begin[executor]);
        add(own, StepPart.PASS, !actions(tick, executor).isEmpty());
        add(own, StepPart.SHARE, tick == share[executor]);
        add(own, StepPart.REDUCE, tick == reduce[executor]);
        add(own, StepPart.ADD_USES, tick == addUses[executor]);
        add(own, StepPart.END, tick == addUses[executor]);
        now.add(List.copyOf(own));
      }
      parts.add(List.copyOf(now));
    }
  }

  private static int[] all(int executors, IntUnaryOperator of) {
    return IntStream.range(0, executors).map(of).toArray();
  }

  private static void add(List<StepPart> own, StepPart part, boolean isNow) {
    if (isNow) {
      own.add(part);
    }
  }

  /** The earliest ticks that are not before some, and after those in which others have sent. */
  private static int[] after(int[] own, List<Set<Integer>> from, int[] sent) {
    return all(
        own.length,
        executor ->
            Math.max(
                own[executor],
                from.get(executor).stream().mapToInt(other -> sent[other] + 1).max().orElse(0)));
  }

  /** The tick of the schedule in which an executor has first something to do. */
  private int firstRun(int executor) {
    return IntStream.range(0, schedule.count())
        .filter(tick -> !schedule.runs().get(tick).get(executor).isEmpty())
        .findFirst()
        .orElse(schedule.count());
  }

  private int lastRun(int executor) {
    return IntStream.range(0, schedule.count())
        .filter(tick -> !schedule.runs().get(tick).get(executor).isEmpty())
        .max()
        .orElse(0);
  }

  /** How many there are. */
  int count() {
    return parts.size();
  }

  /** The schedule that they are of, cut. */
  Ticks schedule() {
    return schedule;
  }

  /** What an executor does in a tick, in order. */
  List<StepPart> parts(int tick, int executor) {
    return parts.get(tick).get(executor);
  }

  /** What it performs of the schedule in a tick. */
  List<Action> actions(int tick, int executor) {
    int run = tick - first;
    return run >= 0 && run < schedule.count() ? schedule.runs().get(run).get(executor) : List.of();
  }
}
