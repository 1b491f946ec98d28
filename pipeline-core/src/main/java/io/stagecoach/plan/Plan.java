package io.stagecoach.plan;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which layers make which stage. Every layer is in exactly one stage, and no stage is empty: a plan
 * for which this does not hold cannot be made.
 *
 * @param partitioner the name of what cut it
 * @param model the costs that it was cut by
 * @param stages the stages in order
 */
public record Plan(String partitioner, ModelCosts model, List<PlannedStage> stages)
    implements Serializable {

  public Plan {
    Objects.requireNonNull(partitioner, "partitioner");
    Objects.requireNonNull(model, "model");
    stages = List.copyOf(stages);
    int next = 0;
    for (PlannedStage stage : stages) {
      if (stage.firstLayer() != next) {
        throw new IllegalArgumentException(
            "a stage begins with layer " + stage.firstLayer() + " where " + next + " is next");
      }
      next = stage.endLayer();
    }
    if (next != model.size()) {
      throw new IllegalArgumentException(
          "the stages end before layer " + next + " of " + model.size());
    }
  }

  /**
   * The plan that these cuts make.
   *
   * @param firstLayers the first layer of each stage, ascending, beginning with 0
   * @param stashes what each stage keeps
   */
  static Plan of(
      String partitioner, PlanRequest request, List<Integer> firstLayers, List<Stash> stashes) {
    List<StageCost> costs = new ArrayList<>();
    for (int s = 0; s < firstLayers.size(); s++) {
      costs.add(request.model().stage(firstLayers.get(s), end(request, firstLayers, s)));
    }
    List<PlannedStage> stages = new ArrayList<>();
    for (int s = 0; s < firstLayers.size(); s++) {
      Stash stash = stashes.get(s);
      stages.add(
          new PlannedStage(
              firstLayers.get(s),
              end(request, firstLayers, s),
              costs.get(s),
              stash,
              request.estimate(costs, stash, s)));
    }
    return new Plan(partitioner, request.model(), stages);
  }

  /** The layer after a stage's last. */
  static int end(PlanRequest request, List<Integer> firstLayers, int stage) {
    return stage + 1 < firstLayers.size() ? firstLayers.get(stage + 1) : request.model().size();
  }

  /**
   * The operations of the stage that has most of them, with what it runs again: what the pipeline's
   * pace depends on.
   */
  public long bottleneckOperations() {
    return stages.stream().mapToLong(PlannedStage::operations).max().orElseThrow();
  }

  /** The operations of all stages, with what they run again. */
  public long operations() {
    return stages.stream().mapToLong(PlannedStage::operations).sum();
  }

  /**
   * What the pipeline's pace depends on.
   *
   * @param times what is known of times
   */
  public Bottleneck bottleneck(Optional<PlanTimes> times) {
    return Bottleneck.of(this, times);
  }

  /** The plan as a table of text. */
  public String table() {
    return table(Optional.empty());
  }

  /**
   * The plan as a table of text.
   *
   * @param times what is known of times
   */
  public String table(Optional<PlanTimes> times) {
    return new PlanTable(this, times).text();
  }

  /** The stages' layers, such as {@code 0-3 | 4 | 5-9}. */
  public String ranges() {
    return stages.stream().map(Plan::range).collect(Collectors.joining(" | "));
  }

  private static String range(PlannedStage stage) {
    return stage.layers() == 1
        ? String.valueOf(stage.firstLayer())
        : stage.firstLayer() + "-" + (stage.endLayer() - 1);
  }
}
