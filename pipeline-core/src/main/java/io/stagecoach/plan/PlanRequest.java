package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.Objects;

/**
 * What is to be planned. More stages than layers is an error of kind {@code PLAN}; pins that no cut
 * keeps are one of kind {@code CONFIGURATION}.
 *
 * @param model the layers' costs
 * @param stages how many stages; at least 1, at most as many as there are layers
 * @param memory how memory follows from costs
 * @param limitBytes what a device may hold; {@link #UNLIMITED} where nothing is known
 * @param chunks how many stages share an executor's device: stage s is on executor s mod
 *     (stages/chunks); divides the number of stages
 * @param pins which layers are wanted on which executors
 */
public record PlanRequest(
    ModelCosts model, int stages, MemoryRules memory, long limitBytes, int chunks, LayerPins pins) {

  /** No limit of memory. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  public PlanRequest {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(memory, "memory");
    if (stages < 1) {
      throw new StagecoachException(
          ErrorKind.PLAN, stages + " stages were asked for", "Ask for at least one stage.");
    }
    if (stages > model.size()) {
      throw new StagecoachException(
          ErrorKind.PLAN,
          stages + " stages were asked for, and the model has " + count(model.size(), "layer"),
          "Ask for at most " + count(model.size(), "stage") + ", or use a deeper model.");
    }
    if (limitBytes < 1) {
      throw new StagecoachException(
          ErrorKind.PLAN,
          "the memory limit of a device is " + limitBytes + " bytes",
          "Give a limit above 0, or none.");
    }
    if (chunks < 1 || stages % chunks != 0) {
      throw new IllegalArgumentException(stages + " stages in chunks of " + chunks);
    }
    pins.check(model.size(), stages, stages / chunks);
  }

  /** A device for every stage. */
  public PlanRequest(ModelCosts model, int stages, MemoryRules memory, long limitBytes) {
    this(model, stages, memory, limitBytes, 1, LayerPins.NONE);
  }

  /** How many executors host the stages. */
  public int executors() {
    return stages / chunks;
  }

  /** What a stage may keep of a micro-batch, the best first, the leanest last. */
  List<Stash> stashes(int stage) {
    return memory.stash().at(stage);
  }

  /** The memory of a stage that keeps this, but for what it mirrors of others. */
  MemoryEstimate estimate(StageCost cost, Stash stash, int stage) {
    return memory.estimate(cost, stash, stage, stages);
  }

  /** The memory of a stage among all others. */
  MemoryEstimate estimate(List<StageCost> costs, Stash stash, int stage) {
    MemoryEstimate alone = estimate(costs.get(stage), stash, stage);
    return memory
        .slices()
        .map(slices -> alone.updating(slices.most(stage, costs, executors())))
        .orElse(alone);
  }

  /** The executors whose memory may differ, by number: where all replicas are alike, one's. */
  long[] noneHeld() {
    return new long[executors() * memory.slices().map(SliceMemory::replicas).orElse(1)];
  }

  /**
   * Adds what a stage needs to what executors hold.
   *
   * @param held by number, as {@link #noneHeld} has them; changed
   */
  void hold(long[] held, StageCost cost, Stash stash, int stage) {
    MemoryEstimate needed = estimate(cost, stash, stage);
    if (memory.slices().isPresent()) {
      long beside = needed.updating(0).total();
      memory.slices().get().add(held, stage, cost, beside, executors());
    } else {
      held[stage % executors()] += needed.total();
    }
  }

  /** Whether nothing of the stages after this one is on an executor, by its number. */
  boolean isFull(int executor, int stage) {
    int place = executor % executors();
    int lastOfItsOwn = stages - executors() + place;
    int lastThatItMirrors = place == 0 ? stages - 1 : lastOfItsOwn - 1;
    return stage >= lastOfItsOwn && (memory.slices().isEmpty() || stage >= lastThatItMirrors);
  }

  private static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
