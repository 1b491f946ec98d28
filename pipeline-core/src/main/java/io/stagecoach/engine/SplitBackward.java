package io.stagecoach.engine;

import io.stagecoach.tensor.Tensors;

/**
 * A backward pass in two halves, so that a schedule can pass gradients on early and fill its bubble
 * with the rest (zero-bubble schedules). What both halves add to the parameter gradients is, to the
 * last bit, what {@link StageModule#backward} adds.
 */
public interface SplitBackward {

  /**
   * The gradients of a micro-batch's inputs; what its parameter gradients need is kept.
   *
   * @param outputGradients as in {@link StageModule#backward}
   * @return as in {@link StageModule#backward}
   */
  Tensors backwardInput(int microBatch, Tensors outputGradients);

  /** Adds the parameter gradients that {@link #backwardInput} left open, and frees its slot. */
  void backwardWeights(int microBatch);
}
