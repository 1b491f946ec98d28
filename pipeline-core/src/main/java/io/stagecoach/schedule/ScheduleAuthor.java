package io.stagecoach.schedule;

import java.util.List;
import java.util.OptionalDouble;

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
   *
   * @throws io.stagecoach.error.StagecoachException CONFIGURATION where it cannot write for this
   *     shape
   */
  List<List<Action>> compute(PipelineShape shape);

  /**
   * This author, made to fit measured costs; itself where they make no difference. The name stays,
   * and what it writes is still a pure function of the shape.
   */
  default ScheduleAuthor tunedTo(StageCosts costs) {
    return this;
  }

  /**
   * The share of a step in which a device waits, where all stages take the same time, a forward
   * pass takes as long as each half of a backward pass, and hops take no time; none where no
   * formula is known.
   */
  default OptionalDouble closedFormBubble(PipelineShape shape) {
    return OptionalDouble.empty();
  }

  /** The whole schedule, sends and receives included. */
  default Schedule schedule(PipelineShape shape) {
    return Lowering.lower(
        new Schedule(name(), shape.stages(), shape.microBatches(), passes(), compute(shape)));
  }
}
