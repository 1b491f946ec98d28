package io.stagecoach.stage;

import io.stagecoach.engine.StepContext;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Hears of the stages' gradients as they become final, while a stage's last backward pass of a step
 * still runs.
 */
@FunctionalInterface
public interface GradientListener {

  /** Asks for all gradients in the end. */
  GradientListener NONE = (stage, step, flat, from, to) -> {};

  /**
   * A part of a stage's gradients will not change any more in this step. On the thread that
   * performs the step.
   *
   * @param flat the stage's flat vector: a live view, valid until the next step begins
   * @param from the first element that is final
   * @param to the first after these
   */
  void finished(int stage, StepContext step, INDArray flat, long from, long to);
}
