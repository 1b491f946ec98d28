package io.stagecoach.plan;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;

/**
 * Which runs of layers a stage may have: those that fit on its device, and that pins allow.
 *
 * <p>Where several stages share a device, each of them may be allowed and all of them together not
 * fit: {@link MemoryLimit#holds} tells.
 */
final class StageRules {

  private final MemoryLimit memory;
  private final LayerPins pins;
  private final int executors;

  private StageRules(MemoryLimit memory, LayerPins pins, int executors) {
    this.memory = memory;
    this.pins = pins;
    this.executors = executors;
  }

  /**
   * The rules of a request.
   *
   * @throws StagecoachException of kind {@code PLAN} where a layer fits on no stage even alone
   */
  static StageRules of(PlanRequest request) {
    return new StageRules(MemoryLimit.of(request), request.pins(), request.executors());
  }

  /** Whether a stage may have the layers from {@code first} to before {@code end}. */
  boolean allow(int stage, int first, int end) {
    return memory.fits(stage, first, end) && pins.allow(stage, first, end, executors);
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
