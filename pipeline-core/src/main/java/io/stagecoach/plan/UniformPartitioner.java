package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * As many layers in each stage, give or take one, whatever they cost. Where pins do not let that
 * be, as evenly as they do: with the least sum of the squares of the stages' numbers of layers, and
 * among such cuts the one whose stages begin earliest.
 */
final class UniformPartitioner implements Partitioner {

  private static final long IMPOSSIBLE = Long.MAX_VALUE;

  @Override
  public String name() {
    return "uniform";
  }

  @Override
  public Plan partition(PlanRequest request) {
    long layers = request.model().size();
    List<Integer> cuts =
        IntStream.range(0, request.stages())
            .mapToObj(stage -> (int) (stage * layers / request.stages()))
            .toList();
    Plan even = StashChoice.plan(name(), request, cuts);
    Plan plan =
        request.pins().broken(even.stages(), request.executors()).isEmpty()
            ? even
            : StashChoice.plan(name(), request, evenest(request));
    StageRules.check(plan, request);
    return plan;
  }

  /** By dynamic programming over (stage, first layer), from the last stage on. */
  private static List<Integer> evenest(PlanRequest request) {
    int layers = request.model().size();
    int stages = request.stages();
    int[][] chosenEnd = new int[stages][layers];
    long[] best = new long[layers + 1];
    Arrays.fill(best, IMPOSSIBLE);
    best[layers] = 0;
    for (int s = stages - 1; s >= 0; s--) {
      long[] now = new long[layers + 1];
      Arrays.fill(now, IMPOSSIBLE);
      for (int first = s; first < layers; first++) {
        for (int end = first + 1; end <= layers; end++) {
          if (best[end] == IMPOSSIBLE
              || !request.pins().allow(s, first, end, request.executors())) {
            continue;
          }
          long squares = best[end] + (long) (end - first) * (end - first);
          if (squares < now[first]) {
            now[first] = squares;
            chosenEnd[s][first] = end;
          }
        }
      }
      best = now;
    }
    List<Integer> cuts = new ArrayList<>(List.of(0));
    for (int s = 0; s < stages - 1; s++) {
      cuts.add(chosenEnd[s][cuts.get(s)]);
    }
    return cuts;
  }
}
