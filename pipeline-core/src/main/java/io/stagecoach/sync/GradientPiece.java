package io.stagecoach.sync;

import io.stagecoach.sync.StageWeights.Interval;
import io.stagecoach.tensor.Tensors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Gradients that a stage brings before it is done with a step: those that its last backward pass
 * has left behind. The pieces of a stage come from the end of its flat vector towards the begin;
 * what is left then comes with its {@link StagePart}.
 *
 * @param stage the stage, those of all replicas numbered through
 * @param step the step
 * @param attempt which try of it
 * @param offset where in the stage's flat vector the piece begins
 * @param tensors the piece under {@link StagePart#GRADIENTS}; owned by whoever holds this
 */
public record GradientPiece(int stage, long step, int attempt, long offset, Tensors tensors)
    implements AutoCloseable {

  /** The piece, rank 1. */
  INDArray gradients() {
    INDArray brought = tensors.get(StagePart.GRADIENTS);
    return brought.reshape(brought.length());
  }

  /** Which part of the stage's flat vector it is. */
  Interval interval() {
    return new Interval(offset, offset + gradients().length());
  }

  @Override
  public void close() {
    tensors.close();
  }
}
