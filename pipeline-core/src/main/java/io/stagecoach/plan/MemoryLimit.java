package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.BitSet;

/** Which runs of layers fit on a device, at which stage. */
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
    for (LayerCost layer : model.layers()) {
      checkAlone(layer, request);
    }
    return new MemoryLimit(ends);
  }

  /** Whether the layers from {@code first} to before {@code end} fit on a stage's device. */
  boolean fits(int stage, int first, int end) {
    return ends == null || ends[stage][first].get(end);
  }

  /** A typed error if a stage of the plan does not fit. */
  static void check(Plan plan, long limitBytes) {
    for (int s = 0; s < plan.stages().size(); s++) {
      long needed = plan.stages().get(s).memory().total();
      if (needed > limitBytes) {
        throw new StagecoachException(
            ErrorKind.PLAN,
            "the stage needs "
                + Quantity.bytes(needed)
                + " and its device may hold "
                + Quantity.bytes(limitBytes),
            Where.stage(s),
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
            + " stages keeps every stage within the "
            + Quantity.bytes(request.limitBytes())
            + " that a device may hold; the weights, their gradients and the accumulator alone are "
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
