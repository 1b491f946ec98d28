package io.stagecoach.engine.dl4j;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * A loss each of whose rows counts by a weight of its own: score and gradient of the row i are w_i
 * times those of the loss that it stands in for.
 *
 * <p>DL4J's masks cannot carry such weights. Its output layers multiply what they put out by the
 * mask before the loss sees it, and most of its losses multiply the gradient of a single output by
 * the mask twice: right for 0 and 1, and for nothing else.
 */
final class WeightedLoss implements ILossFunction {

  private static final long serialVersionUID = 1L;

  private final ILossFunction original;
  private transient INDArray weights;

  WeightedLoss(ILossFunction original) {
    this.original = original;
  }

  /** What a user has configured. */
  ILossFunction original() {
    return original;
  }

  /**
   * @param column the weight of each of the rows that come next, [rows, 1]
   */
  void setWeights(INDArray column) {
    weights = column;
  }

  @Override
  public double computeScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    double sum = computeScoreArray(labels, preOutput, activation, mask).sumNumber().doubleValue();
    return average ? sum / preOutput.size(0) : sum;
  }

  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    INDArray scores = original.computeScoreArray(labels, preOutput, activation, mask);
    return scores.reshape(scores.length(), 1).muliColumnVector(weights);
  }

  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    return original.computeGradient(labels, preOutput, activation, mask).muliColumnVector(weights);
  }

  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    return new Pair<>(
        computeScore(labels, preOutput, activation, mask, average),
        computeGradient(labels, preOutput, activation, mask));
  }

  @Override
  public String name() {
    return original.name();
  }

  @Override
  public String toString() {
    return "WeightedLoss(" + original + ")";
  }
}
