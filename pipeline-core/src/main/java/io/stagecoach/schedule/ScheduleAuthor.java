package io.stagecoach.schedule;

import java.util.List;

/**
 * Writes a schedule: compute actions only, as a pure function of the pipeline's shape. Sends and
 * receives are added by {@link Lowering}.
 */
public interface ScheduleAuthor {

  /** What users call the schedule. */
  String name();

  /** Which passes it makes. */
  Passes passes();

  /**
   * The forward and backward passes of each executor, in order; forwards and backwards of a stage
   * each in ascending micro-batch order.
   */
  List<List<Action>> compute(PipelineShape shape);

  /** The whole schedule, sends and receives included. */
  default Schedule schedule(PipelineShape shape) {
    return Lowering.lower(
        new Schedule(name(), shape.stages(), shape.microBatches(), passes(), compute(shape)));
  }
}
