package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Softmax and cross-entropy from logits, row by row. */
public interface CrossEntropyMath {

  /**
   * The losses: log Σ exp(z) − z[y] for each row.
   *
   * @param logits [rows, classes], contiguous in c order; not changed
   * @param classes the class of each row, in range
   * @return as many losses as rows
   */
  double[] losses(INDArray logits, int[] classes);

  /** The probabilities of logits [rows, classes], contiguous in c order, in place. */
  void softmax(INDArray logits);

  /**
   * The gradients of the losses by the logits, in place: (softmax(z) − one-hot(y)) · weight.
   *
   * @param logits [rows, classes], contiguous in c order; changed into the gradients
   * @param weights of each row: its mask
   */
  void gradients(INDArray logits, int[] classes, double[] weights);
}
