package io.stagecoach.engine.dl4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;

/** Somebody's own regularisation: draws weights to one. */
final class OwnPenalty implements Regularization {

  private static final long serialVersionUID = 1L;

  @Override
  public ApplyStep applyStep() {
    return ApplyStep.BEFORE_UPDATER;
  }

  @Override
  public void apply(INDArray param, INDArray gradView, double lr, int iteration, int epoch) {
    gradView.addi(param.sub(1).muli(0.01));
  }

  @Override
  public double score(INDArray param, int iteration, int epoch) {
    return 0;
  }

  @Override
  public Regularization clone() {
    return new OwnPenalty();
  }
}
