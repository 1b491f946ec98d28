package io.stagecoach.plan;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/** What the stages of a cut keep that was not looked for: what costs least of what fits. */
final class StashChoice {

  private StashChoice() {}

  /**
   * A plan with this cut. Where nothing fits, stages keep as little as they may.
   *
   * @param firstLayers the first layer of each stage
   */
  static Plan plan(String partitioner, PlanRequest request, List<Integer> firstLayers) {
    Plan fastest =
        Plan.of(partitioner, request, firstLayers, chosen(request, stashes -> stashes.get(0)));
    if (MemoryLimit.holds(fastest, request)) {
      return fastest;
    }
    StageTime operations = StageTime.operations(request.model());
    SharedDevices.LayerRule asGiven =
        (stage, first, end) ->
            first == firstLayers.get(stage) && end == Plan.end(request, firstLayers, stage);
    return new SharedDevices(request, asGiven, operations)
        .best(partitioner)
        .orElseGet(
            () ->
                Plan.of(
                    partitioner,
                    request,
                    firstLayers,
                    chosen(request, stashes -> stashes.get(stashes.size() - 1))));
  }

  private static List<Stash> chosen(PlanRequest request, Function<List<Stash>, Stash> choice) {
    return IntStream.range(0, request.stages()).mapToObj(request::stashes).map(choice).toList();
  }
}
