package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Makes the heaviest stage as light as any contiguous cut within memory and pins can, by dynamic
 * programming over (stage, first layer).
 *
 * <p>A pipeline of S stages and M micro-batches takes the sum of all stage times and (M − 1) times
 * the longest, so for a given model only the longest stage counts. Hops are no part of that weight:
 * they run beside the compute, and operations and bytes have no common unit before both are
 * measured. They decide among cuts that are equally good: the one that sends the fewest bytes wins,
 * then the one whose stages begin earliest.
 */
final class MinMaxPartitioner implements Partitioner {

  private static final long IMPOSSIBLE = Long.MAX_VALUE;

  private final String name;
  private final Function<ModelCosts, StageTime> weights;

  /**
   * @param weights what a stage weighs, for a model
   */
  MinMaxPartitioner(String name, Function<ModelCosts, StageTime> weights) {
    this.name = name;
    this.weights = weights;
  }

  /** A stage weighs what its layers do, whichever stage it is. */
  static MinMaxPartitioner byLayers(String name, ToLongFunction<LayerCost> weight) {
    return new MinMaxPartitioner(name, model -> StageTime.sum(model, weight));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Plan partition(PlanRequest request) {
    StageRules rules = StageRules.of(request);
    StageTime weight = weights.apply(request.model());
    long lightest = lightestBottleneck(request, rules, weight);
    if (lightest == IMPOSSIBLE) {
      throw MemoryLimit.noPlan(request);
    }
    Plan plan = Plan.of(name, request, fewestBytes(request, rules, weight, lightest));
    if (request.limitBytes() == PlanRequest.UNLIMITED || MemoryLimit.holds(plan, request)) {
      return plan;
    }
    // Each of its stages fits, but not all of those that share a device.
    return new SharedDevices(request, rules, weight)
        .bestCut()
        .map(cuts -> Plan.of(name, request, cuts))
        .orElseThrow(() -> MemoryLimit.noPlan(request));
  }

  /** The least possible weight of the heaviest stage. */
  private static long lightestBottleneck(PlanRequest request, StageRules rules, StageTime weight) {
    int layers = request.model().size();
    int stages = request.stages();
    // best[first]: the lightest bottleneck of the layers from `first` on, in the stages from s on.
    long[] best = nothingLeft(layers);
    for (int s = stages - 1; s >= 0; s--) {
      long[] now = impossible(layers);
      for (int first = s; first <= layers - (stages - s); first++) {
        for (int end = first + 1; end <= layers - (stages - s - 1); end++) {
          if (best[end] != IMPOSSIBLE && rules.allow(s, first, end)) {
            now[first] = Math.min(now[first], Math.max(weight.of(s, first, end), best[end]));
          }
        }
      }
      best = now;
    }
    return best[0];
  }

  /** Among the cuts with no stage heavier than the bottleneck, the one that sends least. */
  private static List<Integer> fewestBytes(
      PlanRequest request, StageRules rules, StageTime weight, long bottleneck) {
    int layers = request.model().size();
    int stages = request.stages();
    int[][] chosenEnd = new int[stages][layers + 1];
    long[] best = nothingLeft(layers);
    for (int s = stages - 1; s >= 0; s--) {
      long[] now = impossible(layers);
      for (int first = s; first <= layers - (stages - s); first++) {
        for (int end = first + 1; end <= layers - (stages - s - 1); end++) {
          if (best[end] == IMPOSSIBLE
              || weight.of(s, first, end) > bottleneck
              || !rules.allow(s, first, end)) {
            continue;
          }
          long sent = best[end] + (end < layers ? request.model().bytesInto(end) : 0);
          if (sent < now[first]) {
            now[first] = sent;
            chosenEnd[s][first] = end;
          }
        }
      }
      best = now;
    }
    List<Integer> cuts = new ArrayList<>();
    int first = 0;
    for (int s = 0; s < stages; s++) {
      cuts.add(first);
      first = chosenEnd[s][first];
    }
    return cuts;
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
