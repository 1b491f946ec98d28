package io.stagecoach.plan;

/** Cuts a model's layers into contiguous stages. The same request gives the same plan, always. */
public interface Partitioner {

  /** Its name in settings. */
  String name();

  /**
   * The plan.
   *
   * @throws io.stagecoach.error.StagecoachException of kind {@code PLAN} where a stage would not
   *     fit within the memory limit
   */
  Plan partition(PlanRequest request);
}
