package io.stagecoach.scale;

import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.StageCost;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashRule;
import java.util.List;
import java.util.function.ToLongFunction;

/** What stages must keep so that they fit on devices that differ, for any run of layers at once. */
final class StashNeed {

  private final ModelCosts model;
  private final List<DescribedDevice> devices;
  private final MemoryRules rules;
  private final long[] parameterBytes;
  private final long[] stashBytes;

  /**
   * @param slots how many micro-batches each stage has at once
   * @param devices of each stage
   * @param choices what stages may keep
   */
  StashNeed(
      ModelCosts model, List<Integer> slots, List<DescribedDevice> devices, StashRule choices) {
    this.model = model;
    this.devices = List.copyOf(devices);
    this.rules = new MemoryRules(choices, (stage, of) -> slots.get(stage), 1);
    this.parameterBytes = sums(model, LayerCost::parameterBytes);
    this.stashBytes = sums(model, LayerCost::stashBytes);
  }

  private static long[] sums(ModelCosts model, ToLongFunction<LayerCost> of) {
    long[] before = new long[model.size() + 1];
    for (int i = 0; i < model.size(); i++) {
      before[i + 1] = before[i] + of.applyAsLong(model.layers().get(i));
    }
    return before;
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
            parameterBytes[end] - parameterBytes[first],
            0,
            0,
            model.bytesInto(first),
            model.layers().get(end - 1).outputBytes(),
            stashBytes[end] - stashBytes[first],
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
