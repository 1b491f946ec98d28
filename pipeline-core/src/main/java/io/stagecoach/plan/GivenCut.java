package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;

/** The cut that somebody wrote down. */
final class GivenCut implements Partitioner {

  private final List<Integer> firstLayers;

  GivenCut(List<Integer> firstLayers) {
    this.firstLayers = List.copyOf(firstLayers);
  }

  @Override
  public String name() {
    return "given";
  }

  @Override
  public Plan partition(PlanRequest request) {
    if (firstLayers.size() != request.stages()) {
      throw refused(
          "has " + firstLayers.size() + " stages, and " + request.stages() + " are wanted");
    }
    if (firstLayers.get(0) != 0) {
      throw refused("begins with layer " + firstLayers.get(0) + ", not 0");
    }
    for (int stage = 1; stage < firstLayers.size(); stage++) {
      if (firstLayers.get(stage) <= firstLayers.get(stage - 1)) {
        throw refused("has no layer in stage " + (stage - 1));
      }
    }
    int last = firstLayers.get(firstLayers.size() - 1);
    if (last >= request.model().size()) {
      throw refused(
          "begins a stage with layer "
              + last
              + ", and the model's last is "
              + (request.model().size() - 1));
    }
    Plan plan = StashChoice.plan(name(), request, firstLayers);
    StageRules.check(plan, request);
    return plan;
  }

  private StagecoachException refused(String why) {
    return new StagecoachException(
        ErrorKind.PLAN,
        "the cut " + firstLayers + " " + why,
        "Give the first layer of each stage, ascending from 0 (spark.stagecoach.cut).");
  }
}
