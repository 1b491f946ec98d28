package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.BitSet;

/**
 * Which runs of layers fit on a device, at which stage; and which cuts do, where several stages
 * share one.
 */
final class MemoryLimit {

  private static final String REMEDY =
      "Use smaller micro-batches (a larger spark.stagecoach.microBatches), keep only the stages'"
          + " inputs (spark.stagecoach.recompute=stage), or raise spark.stagecoach.memory.limit where devices have more.";

  /** For each stage and first layer the ends that fit; null where there is no limit. */
  private final BitSet[][] ends;

  private MemoryLimit(BitSet[][] ends) {
    this.ends = ends;
  }

  /**
   * Looks at every run of layers once.
   *
   * @throws StagecoachException of kind {@code PLAN} where a layer fits on no stage even alone
   */
  static MemoryLimit of(PlanRequest request) {
    if (request.limitBytes() == PlanRequest.UNLIMITED) {
      return new MemoryLimit(null);
    }
    ModelCosts model = request.model();
    int layers = model.size();
    BitSet[][] ends = new BitSet[request.stages()][layers];
    for (int s = 0; s < request.stages(); s++) {
      for (int first = 0; first < layers; first++) {
        ends[s][first] = new BitSet();
      }
    }
    for (int end = 1; end <= layers; end++) {
      StageCost cost = null;
      for (int first = end - 1; first >= 0; first--) {
        cost = cost == null ? model.single(first) : model.single(first).before(cost);
        for (int s = 0; s < request.stages(); s++) {
          ends[s][first].set(end, request.estimate(cost, s).total() <= request.limitBytes());
        }
      }
    }
    BitSet held = held(ends);
    for (LayerCost layer : model.layers()) {
      // With the one before it, a layer may need less than alone: what passes between them stays.
      if (!held.get(layer.index())) {
        checkAlone(layer, request);
      }
    }
    return new MemoryLimit(ends);
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

  /** Whether the layers from {@code first} to before {@code end} fit on a stage's device. */
  boolean fits(int stage, int first, int end) {
    return ends == null || ends[stage][first].get(end);
  }

  /** Whether every device holds all stages that a plan puts on it. */
  static boolean holds(Plan plan, PlanRequest request) {
    for (int executor = 0; executor < request.executors(); executor++) {
      if (needed(plan, executor, request) > request.limitBytes()) {
        return false;
      }
    }
    return true;
  }

  /** The memory of all stages of an executor together: each keeps its own. */
  private static long needed(Plan plan, int executor, PlanRequest request) {
    long sum = 0;
    for (int s = executor; s < plan.stages().size(); s += request.executors()) {
      sum += plan.stages().get(s).memory().total();
    }
    return sum;
  }

  /** A typed error if a device does not hold the stages that the plan puts on it. */
  static void check(Plan plan, PlanRequest request) {
    for (int executor = 0; executor < request.executors(); executor++) {
      long needed = needed(plan, executor, request);
      if (needed > request.limitBytes()) {
        throw new StagecoachException(
            ErrorKind.PLAN,
            (request.chunks() == 1
                    ? "the stage needs "
                    : "this stage and the others of its executor need ")
                + Quantity.bytes(needed)
                + " and its device may hold "
                + Quantity.bytes(request.limitBytes()),
            Where.stage(executor),
            "Use the partitioner \"balanced\", which looks for a cut that fits. " + REMEDY,
            null);
      }
    }
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
            + " within the "
            + Quantity.bytes(request.limitBytes())
            + " that a device may hold"
            + (request.pins().isEmpty() ? "" : " and the pins " + request.pins())
            + "; the weights, their gradients and the accumulator alone are "
            + Quantity.bytes(
                3L * request.model().layers().stream().mapToLong(LayerCost::parameterBytes).sum()),
        "Use more stages. " + REMEDY);
  }

  private static void checkAlone(LayerCost layer, PlanRequest request) {
    // With s stages before it a layer has at least s layers before it, and likewise after it.
    int firstStage = Math.max(0, request.stages() - (request.model().size() - layer.index()));
    int lastStage = Math.min(layer.index(), request.stages() - 1);
    StageCost alone = request.model().single(layer.index());
    long least = Long.MAX_VALUE;
    for (int s = firstStage; s <= lastStage; s++) {
      least = Math.min(least, request.estimate(alone, s).total());
    }
    if (least > request.limitBytes()) {
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
              + " and a device may hold "
              + Quantity.bytes(request.limitBytes()),
          REMEDY);
    }
  }
}
