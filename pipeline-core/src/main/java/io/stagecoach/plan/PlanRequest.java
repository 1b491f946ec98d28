package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What is to be planned. More stages than layers is an error of kind {@code PLAN}; pins that no cut
 * keeps are one of kind {@code CONFIGURATION}.
 *
 * @param model the layers' costs
 * @param stages how many stages; at least 1, at most as many as there are layers
 * @param memory how memory follows from costs
 * @param limits what devices may hold
 * @param chunks how many stages share an executor's device: stage s is on executor s mod
 *     (stages/chunks); divides the number of stages
 * @param pins which layers are wanted on which executors
 */
public record PlanRequest(
    ModelCosts model,
    int stages,
    MemoryRules memory,
    DeviceLimits limits,
    int chunks,
    LayerPins pins) {

  public PlanRequest {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(memory, "memory");
    Objects.requireNonNull(limits, "limits");
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
    if (chunks < 1 || stages % chunks != 0) {
      throw new IllegalArgumentException(stages + " stages in chunks of " + chunks);
    }
    if (limits.byDevice().size() > 1 && limits.byDevice().size() % (stages / chunks) != 0) {
      throw new IllegalArgumentException(
          stages / chunks + " executors, and limits of " + limits.byDevice().size());
    }
    pins.check(model.size(), stages, stages / chunks);
  }

  /**
   * A device for every stage.
   *
   * @param limitBytes what each may hold
   */
  public PlanRequest(ModelCosts model, int stages, MemoryRules memory, long limitBytes) {
    this(model, stages, memory, DeviceLimits.everywhere(limitBytes), 1, LayerPins.NONE);
  }

  /** The same for devices that may hold something else. */
  public PlanRequest within(DeviceLimits others) {
    return new PlanRequest(model, stages, memory, others, chunks, pins);
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

  /** Whether a stage's devices hold it alone, in every replica. */
  boolean fits(StageCost cost, Stash stash, int stage) {
    MemoryEstimate needed = estimate(cost, stash, stage);
    if (limits.areAlike() || memory.slices().isEmpty()) {
      return needed.total() <= limit(stage);
    }
    SliceMemory slices = memory.slices().get();
    long beside = needed.updating(0).total();
    return IntStream.range(0, slices.replicas())
        .allMatch(
            replica ->
                beside + slices.own(replica, stage, cost)
                    <= limits.of(slices.executor(replica, stage, executors())));
  }

  /** The memory of a stage among all others. */
  MemoryEstimate estimate(List<StageCost> costs, Stash stash, int stage) {
    MemoryEstimate alone = estimate(costs.get(stage), stash, stage);
    return memory
        .slices()
        .map(slices -> alone.updating(slices.most(stage, costs, executors())))
        .orElse(alone);
  }

  /** What the device of a stage may hold, in the replica in which that is least. */
  long limit(int stage) {
    return limits.ofPlace(stage % executors(), executors());
  }

  /** The executors whose memory may differ, by number: where all replicas are alike, one's. */
  long[] noneHeld() {
    return new long[executors() * memory.slices().map(SliceMemory::replicas).orElse(1)];
  }

  /**
   * What an executor may hold, by its number as {@link #noneHeld} has them.
   *
   * @param held what is held
   */
  long limitOf(long[] held, int executor) {
    return held.length == executors() ? limit(executor) : limits.of(executor);
  }

  /** Whether no executor holds more than it may. */
  boolean isWithin(long[] held) {
    return tooFull(held).isEmpty();
  }

  /** The first executor that holds more than it may. */
  OptionalInt tooFull(long[] held) {
    return IntStream.range(0, held.length).filter(e -> held[e] > limitOf(held, e)).findFirst();
  }

  /**
   * What the stages of a plan need on each executor: of one replica, where those of all replicas
   * need the same, else of all of them, numbered through.
   */
  public List<Long> needed(Plan plan) {
    long[] held = noneHeld();
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      hold(held, stage.cost(), stage.stash(), s);
    }
    return Arrays.stream(held).boxed().toList();
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
