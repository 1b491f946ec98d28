package io.stagecoach.spark.job;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Hears, on the driver, of what becomes of a network while it is fitted. */
public interface FitListener {

  /** An epoch begins. */
  void epochStarted();

  /**
   * A mini-batch's gradients are there; the weights are as they were.
   *
   * @param gradients the sum over the examples, flat, rank 1; borrowed
   */
  void gradientsSummed(INDArray gradients);

  /** The weights were updated. */
  void updated(Update update);

  /** An epoch has ended. */
  void epochEnded();

  /**
   * One update.
   *
   * @param iteration how many updates the network had seen before
   * @param epoch how many whole epochs it had seen
   * @param score DL4J's score of the mini-batch, at the weights before: the loss for each example,
   *     summed over time steps, and the penalties
   * @param examples how many examples it had
   */
  record Update(long iteration, int epoch, double score, long examples) {}
}
