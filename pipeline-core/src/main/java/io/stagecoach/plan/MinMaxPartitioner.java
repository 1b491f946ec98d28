package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Makes the slowest stage as fast as any contiguous cut within memory and pins can, by dynamic
 * programming over (stage, first layer). A stage whose activations do not fit keeps only its
 * inputs, if it may, and takes the time of one more forward pass.
 *
 * <p>A pipeline of S stages and M micro-batches takes the sum of all stage times and (M − 1) times
 * the longest, so for a given model the longest stage counts first, and then what is done twice.
 * Hops are no part of that: they run beside the compute, and operations and bytes have no common
 * unit before both are measured. They decide among cuts that are equally good: the one that sends
 * the fewest bytes wins, then the one whose stages begin earliest.
 */
final class MinMaxPartitioner implements Partitioner {

  private static final long IMPOSSIBLE = Long.MAX_VALUE;

  private final String name;
  private final Function<ModelCosts, StageTime> times;

  /**
   * @param times what a stage takes, for a model
   */
  MinMaxPartitioner(String name, Function<ModelCosts, StageTime> times) {
    this.name = name;
    this.times = times;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Plan partition(PlanRequest request) {
    StageRules rules = StageRules.of(request);
    StageTime time = times.apply(request.model());
    long least = leastBottleneck(request, rules, time);
    if (least == IMPOSSIBLE) {
      throw MemoryLimit.noPlan(request);
    }
    Plan plan = leastWork(request, rules, time, least);
    if (request.limits().isNone() || MemoryLimit.holds(plan, request)) {
      return plan;
    }
    // Each of its stages fits, but not all of those that share a device.
    return new SharedDevices(request, rules::allow, time)
        .best(name)
        .orElseThrow(() -> MemoryLimit.noPlan(request));
  }

  /** The least possible time of the slowest stage. */
  private static long leastBottleneck(PlanRequest request, StageRules rules, StageTime time) {
    int layers = request.model().size();
    int stages = request.stages();
    // best[first]: the least bottleneck of the layers from `first` on, in the stages from s on.
    long[] best = nothingLeft(layers);
    for (int s = stages - 1; s >= 0; s--) {
      long[] now = impossible(layers);
      for (int first = s; first <= layers - (stages - s); first++) {
        for (int end = first + 1; end <= layers - (stages - s - 1); end++) {
          if (best[end] != IMPOSSIBLE && rules.allow(s, first, end)) {
            now[first] = Math.min(now[first], Math.max(rules.time(time, s, first, end), best[end]));
          }
        }
      }
      best = now;
    }
    return best[0];
  }

  /**
   * Among the cuts with no stage slower than the bottleneck, the one that does least twice, and of
   * these the one that sends least.
   */
  private Plan leastWork(PlanRequest request, StageRules rules, StageTime time, long bottleneck) {
    int layers = request.model().size();
    int stages = request.stages();
    int[][] chosenEnd = new int[stages][layers + 1];
    long[] leastAgain = nothingLeft(layers);
    long[] leastSent = nothingLeft(layers);
    for (int s = stages - 1; s >= 0; s--) {
      long[] nowAgain = impossible(layers);
      long[] nowSent = impossible(layers);
      for (int first = s; first <= layers - (stages - s); first++) {
        for (int end = first + 1; end <= layers - (stages - s - 1); end++) {
          if (leastAgain[end] == IMPOSSIBLE || !rules.allow(s, first, end)) {
            continue;
          }
          long taken = rules.time(time, s, first, end);
          if (taken > bottleneck) {
            continue;
          }
          long again = leastAgain[end] + taken - time.of(s, first, end);
          long sent = leastSent[end] + (end < layers ? request.model().bytesInto(end) : 0);
          if (again < nowAgain[first] || (again == nowAgain[first] && sent < nowSent[first])) {
            nowAgain[first] = again;
            nowSent[first] = sent;
            chosenEnd[s][first] = end;
          }
        }
      }
      leastAgain = nowAgain;
      leastSent = nowSent;
    }
    List<Integer> cuts = new ArrayList<>();
    List<Stash> stashes = new ArrayList<>();
    int first = 0;
    for (int s = 0; s < stages; s++) {
      int end = chosenEnd[s][first];
      cuts.add(first);
      stashes.add(rules.stash(s, first, end));
      first = end;
    }
    return Plan.of(name, request, cuts, stashes);
  }

  private static long[] nothingLeft(int layers) {
    long[] row = impossible(layers);
    row[layers] = 0;
    return row;
  }

  private static long[] impossible(int layers) {
    long[] row = new long[layers + 1];
    Arrays.fill(row, IMPOSSIBLE);
    return row;
  }
}
