package io.stagecoach.schedule;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.List;

/** An author whose executors have one stage each, and who writes stage by stage. */
abstract class StageAuthor implements ScheduleAuthor {

  /** The compute actions of one stage. */
  abstract List<Action> stage(int stage, int stages, int microBatches);

  @Override
  public final List<List<Action>> compute(PipelineShape shape) {
    if (shape.chunks() != 1) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "The schedule " + name() + " cannot give an executor " + shape.chunks() + " stages",
          "Use one stage for each executor, or an interleaved schedule.");
    }
    List<List<Action>> executors = new ArrayList<>();
    for (int s = 0; s < shape.stages(); s++) {
      executors.add(stage(s, shape.stages(), shape.microBatches()));
    }
    return executors;
  }
}
