package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;

/**
 * Which runs of layers a stage may have: those that fit on its device, and that pins allow.
 *
 * <p>Where several stages share a device, each of them may be allowed and all of them together not
 * fit: {@link MemoryLimit#holds} tells.
 */
final class StageRules {

  private final MemoryLimit memory;
  private final LayerPins pins;
  private final PlanRequest request;

  private StageRules(PlanRequest request, MemoryLimit memory) {
    this.memory = memory;
    this.pins = request.pins();
    this.request = request;
  }

  /**
   * The rules of a request.
   *
   * @throws StagecoachException of kind {@code PLAN} where a layer fits on no stage even alone
   */
  static StageRules of(PlanRequest request) {
    return new StageRules(request, MemoryLimit.of(request));
  }

  /** The rules that hold for any stage on a device that may hold so much. */
  static StageRules onDevice(PlanRequest request, long limitBytes) {
    PlanRequest there = request.within(DeviceLimits.everywhere(limitBytes));
    return new StageRules(there, MemoryLimit.onAnyDevice(there));
  }

  /** Whether a stage may have the layers from {@code first} to before {@code end}. */
  boolean allow(int stage, int first, int end) {
    List<Stash> stashes = request.stashes(stage);
    return memory.fits(stage, first, end, stashes.get(stashes.size() - 1))
        && pins.allow(stage, first, end, request.executors());
  }

  /**
   * What a stage keeps that has layers which it may have: of what fits, what costs least time. No
   * other choice makes a better plan where a stage has its device for itself.
   */
  Stash stash(int stage, int first, int end) {
    for (Stash stash : request.stashes(stage)) {
      if (memory.fits(stage, first, end, stash)) {
        return stash;
      }
    }
    throw new IllegalArgumentException("stage " + stage + " cannot have these layers");
  }

  /** What a stage takes that has layers which it may have. */
  long time(StageTime times, int stage, int first, int end) {
    return times.of(stage, first, end, stash(stage, first, end));
  }

  /**
   * Makes sure that a cut that nobody looked for keeps to the rules.
   *
   * @throws StagecoachException of kind {@code CONFIGURATION} with the pin that it does not keep,
   *     or {@code PLAN} with the device that does not hold its stages
   */
  static void check(Plan plan, PlanRequest request) {
    request
        .pins()
        .broken(plan.stages(), request.executors())
        .ifPresent(
            pin -> {
              throw new StagecoachException(
                  ErrorKind.CONFIGURATION,
                  "The cut "
                      + plan.stages().stream().map(PlannedStage::firstLayer).toList()
                      + " and the pin \""
                      + pin.text()
                      + "\" contradict each other",
                  "Leave out spark.stagecoach.cut or that pin of spark.stagecoach.pin.layers.");
            });
    MemoryLimit.check(plan, request);
  }
}
