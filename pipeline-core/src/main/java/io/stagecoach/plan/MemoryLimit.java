package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which runs of layers fit on a device, at which stage; and which cuts do, where several stages
 * share one.
 */
final class MemoryLimit {

  /**
   * By what a stage keeps, for each stage and first layer, the ends that fit; empty where there is
   * no limit.
   */
  private final Map<Stash, BitSet[][]> ends;

  private MemoryLimit(Map<Stash, BitSet[][]> ends) {
    this.ends = ends;
  }

  /**
   * Looks at every run of layers once.
   *
   * @throws StagecoachException of kind {@code PLAN} where a layer fits on no stage even alone
   */
  static MemoryLimit of(PlanRequest request) {
    MemoryLimit limit = onAnyDevice(request);
    limit.requireAllHeld(request);
    return limit;
  }

  /** The same, also where a layer fits nowhere: it may on other devices than these. */
  static MemoryLimit onAnyDevice(PlanRequest request) {
    if (request.limits().isNone()) {
      return new MemoryLimit(Map.of());
    }
    ModelCosts model = request.model();
    int layers = model.size();
    Map<Stash, BitSet[][]> ends = new EnumMap<>(Stash.class);
    for (int s = 0; s < request.stages(); s++) {
      for (Stash stash : request.stashes(s)) {
        ends.computeIfAbsent(stash, any -> none(request.stages(), layers));
      }
    }
    for (int end = 1; end <= layers; end++) {
      StageCost cost = null;
      for (int first = end - 1; first >= 0; first--) {
        cost = cost == null ? model.single(first) : model.single(first).before(cost);
        for (int s = 0; s < request.stages(); s++) {
          for (Stash stash : request.stashes(s)) {
            ends.get(stash)[s][first].set(end, request.fits(cost, stash, s));
          }
        }
      }
    }
    return new MemoryLimit(ends);
  }

  private void requireAllHeld(PlanRequest request) {
    if (ends.isEmpty()) {
      return;
    }
    BitSet held = new BitSet();
    ends.values().forEach(kept -> held.or(held(kept)));
    for (LayerCost layer : request.model().layers()) {
      // With the one before it, a layer may need less than alone: what passes between them stays.
      if (!held.get(layer.index())) {
        checkAlone(layer, request);
      }
    }
  }

  private static BitSet[][] none(int stages, int layers) {
    BitSet[][] ends = new BitSet[stages][layers];
    for (BitSet[] stage : ends) {
      Arrays.setAll(stage, first -> new BitSet());
    }
    return ends;
  }

  /** The layers that are in some run of layers that fits on some stage. */
  private static BitSet held(BitSet[][] ends) {
    BitSet held = new BitSet();
    for (BitSet[] stage : ends) {
      for (int first = 0; first < stage.length; first++) {
        held.set(first, Math.max(first, stage[first].length() - 1));
      }
    }
    return held;
  }

  /**
   * Whether the layers from {@code first} to before {@code end} fit on a stage's device.
   *
   * @param stash what the stage keeps, one of what it may
   */
  boolean fits(int stage, int first, int end, Stash stash) {
    return ends.isEmpty() || ends.get(stash)[stage][first].get(end);
  }

  /** Whether every device holds all stages that a plan puts on it. */
  static boolean holds(Plan plan, PlanRequest request) {
    return request.isWithin(held(plan, request));
  }

  private static long[] held(Plan plan, PlanRequest request) {
    return request.needed(plan).stream().mapToLong(Long::longValue).toArray();
  }

  /** A typed error if a device does not hold the stages that the plan puts on it. */
  static void check(Plan plan, PlanRequest request) {
    long[] held = held(plan, request);
    request
        .tooFull(held)
        .ifPresent(
            executor -> {
              throw new StagecoachException(
                  ErrorKind.PLAN,
                  (request.chunks() == 1
                          ? "the stage needs "
                          : "this stage and the others of its executor need ")
                      + Quantity.bytes(held[executor])
                      + " and its device may hold "
                      + Quantity.bytes(request.limitOf(held, executor)),
                  Where.stage(executor % request.executors()),
                  "Use the partitioner \"balanced\", which looks for a cut that fits. "
                      + remedy(request),
                  null);
            });
  }

  /** Each layer fits somewhere, but all of them together do not. */
  static StagecoachException noPlan(PlanRequest request) {
    return new StagecoachException(
        ErrorKind.PLAN,
        "no cut into "
            + request.stages()
            + " stages keeps "
            + (request.chunks() == 1
                ? "every stage"
                : "the " + request.chunks() + " stages of every executor")
            + " within "
            + request.limits().words()
            + (request.pins().isEmpty() ? "" : " and the pins " + request.pins())
            + (canBeLeaner(request) ? "" : ", though all of them keep only their inputs")
            + "; the weights, their gradients and the accumulator alone are "
            + Quantity.bytes(
                3L * request.model().layers().stream().mapToLong(LayerCost::parameterBytes).sum())
            + (request.memory().slices().isPresent()
                ? ", beside what executors hold to update them themselves"
                : ""),
        "Use more stages. " + remedy(request));
  }

  private static String remedy(PlanRequest request) {
    return "Use smaller micro-batches (a larger spark.stagecoach.microBatches)"
        + (canBeLeaner(request)
            ? ", let stages that need it keep only their inputs (spark.stagecoach.recompute=auto)"
            : "")
        + (request.memory().slices().isPresent()
            ? ", have the driver update the weights (spark.stagecoach.synchronizer=driver)"
            : "")
        + ", or raise spark.stagecoach.memory.limit where devices have more.";
  }

  /** Whether some stage may not keep only its inputs. */
  private static boolean canBeLeaner(PlanRequest request) {
    return IntStream.range(0, request.stages())
        .anyMatch(stage -> !request.stashes(stage).contains(Stash.INPUTS));
  }

  private static void checkAlone(LayerCost layer, PlanRequest request) {
    // With s stages before it a layer has at least s layers before it, and likewise after it.
    int firstStage = Math.max(0, request.stages() - (request.model().size() - layer.index()));
    int lastStage = Math.min(layer.index(), request.stages() - 1);
    StageCost alone = request.model().single(layer.index());
    long least = Long.MAX_VALUE;
    boolean fits = false;
    for (int s = firstStage; s <= lastStage; s++) {
      for (Stash stash : request.stashes(s)) {
        least = Math.min(least, request.estimate(alone, stash, s).total());
        fits |= request.fits(alone, stash, s);
      }
    }
    if (!fits) {
      throw new StagecoachException(
          ErrorKind.PLAN,
          "no stage can hold layer "
              + layer.index()
              + " \""
              + layer.name()
              + "\" ("
              + layer.kind()
              + "): alone it needs "
              + Quantity.bytes(least)
              + ", which is not within "
              + request.limits().words(),
          remedy(request));
    }
  }
}
