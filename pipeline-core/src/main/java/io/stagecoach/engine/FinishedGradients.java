package io.stagecoach.engine;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Hears of a stage's gradients as they become final, while its last backward pass still runs. */
@FunctionalInterface
public interface FinishedGradients {

  /**
   * A part of the stage's gradients will not change any more in this step. On the module's thread,
   * within its backward pass.
   *
   * @param flat the stage's flat vector, as {@link StageGradients#flat} will be; of the rest of it
   *     nothing is said; a live view, valid until the next step begins
   * @param from the first element that is final
   * @param to the first after these
   */
  void finished(INDArray flat, long from, long to);
}
