package io.stagecoach.scale;

import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.StageCost;
import io.stagecoach.plan.StageTime;
import io.stagecoach.plan.Stash;
import java.util.List;

/** What stages must keep so that they fit on devices that differ, for any run of layers at once. */
final class StashNeed {

  private final ModelCosts model;
  private final List<DescribedDevice> devices;
  private final MemoryRules rules;
  private final StageTime parameterBytes;
  private final StageTime stashBytes;

  /**
   * @param rules what stages may keep, and how many micro-batches of it
   * @param devices of each stage
   */
  StashNeed(ModelCosts model, MemoryRules rules, List<DescribedDevice> devices) {
    this.model = model;
    this.rules = rules;
    this.devices = List.copyOf(devices);
    this.parameterBytes = StageTime.sum(model, LayerCost::parameterBytes);
    this.stashBytes = StageTime.sum(model, LayerCost::stashBytes);
  }

  /** Whether a stage with these layers fits on its device, whatever it keeps. */
  boolean fits(int stage, int first, int end) {
    return needed(stage, first, end, stash(stage, first, end)) <= devices.get(stage).memoryBytes();
  }

  private long needed(int stage, int first, int end, Stash stash) {
    // Of a described layer nothing is known but these.
    StageCost cost =
        new StageCost(
            0,
            parameterBytes.of(stage, first, end),
            0,
            0,
            model.bytesInto(first),
            model.layers().get(end - 1).outputBytes(),
            stashBytes.of(stage, first, end),
            0,
            0,
            0);
    return rules.estimate(cost, stash, stage, devices.size()).total();
  }

  /**
   * The first of what a stage with the layers from {@code first} to before {@code end} may keep
   * that fits; the leanest where nothing does.
   */
  Stash stash(int stage, int first, int end) {
    List<Stash> choices = rules.stash().at(stage);
    for (Stash stash : choices) {
      if (needed(stage, first, end, stash) <= devices.get(stage).memoryBytes()) {
        return stash;
      }
    }
    return choices.get(choices.size() - 1);
  }
}
