package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.LossUtil;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Softmax cross-entropy from class indices of shape [rows, 1], without one-hot labels: loss = log
 * sum exp(z) − z[y], gradient = softmax(z) − onehot(y), both times the class's weight where there
 * are weights. Labels that are not integers go to the loss function that it stands in for.
 *
 * <p>The gradient is what DL4J's {@code LossMCXENT} computes for one-hot labels, equal to rounding.
 * The loss differs where a probability is below DL4J's clipping threshold (1e-10 by default) or
 * above one minus it: DL4J clips, this does not.
 */
final class ClassIndexLoss implements ILossFunction {

  private static final long serialVersionUID = 1L;

  private final LossMCXENT delegate;

  ClassIndexLoss(LossMCXENT delegate) {
    this.delegate = delegate;
  }

  @Override
  public double computeScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    if (!labels.isZ()) {
      return delegate.computeScore(labels, preOutput, activation, mask, average);
    }
    double sum = computeScoreArray(labels, preOutput, activation, mask).sumNumber().doubleValue();
    return average ? sum / preOutput.size(0) : sum;
  }

  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    if (!labels.isZ()) {
      return delegate.computeScoreArray(labels, preOutput, activation, mask);
    }
    int[] classes = classes(labels, preOutput.size(1));
    // ND4J's log_softmax takes the logarithm of the softmax, which is 0 for a far lower logit.
    INDArray shifted = preOutput.subColumnVector(preOutput.max(true, 1));
    INDArray sums = Transforms.exp(shifted, true).sum(true, 1);
    INDArray losses = Nd4j.createUninitialized(preOutput.dataType(), classes.length, 1);
    Matrix logits = new Matrix(shifted);
    Matrix partition = new Matrix(sums);
    Matrix to = new Matrix(losses);
    for (int i = 0; i < classes.length; i++) {
      double loss = Math.log(partition.get(i, 0)) - logits.get(i, classes[i]);
      to.put(i, 0, loss * weight(classes[i]));
    }
    if (mask != null) {
      LossUtil.applyMask(losses, mask);
    }
    return losses;
  }

  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    if (!labels.isZ()) {
      return delegate.computeGradient(labels, preOutput, activation, mask);
    }
    int[] classes = classes(labels, preOutput.size(1));
    INDArray gradient = activation.getActivation(preOutput.dup(), true);
    Matrix cells = new Matrix(gradient);
    for (int i = 0; i < classes.length; i++) {
      cells.put(i, classes[i], cells.get(i, classes[i]) - 1);
    }
    if (delegate.getWeights() != null) {
      INDArray column = Nd4j.createUninitialized(gradient.dataType(), classes.length, 1);
      Matrix to = new Matrix(column);
      for (int i = 0; i < classes.length; i++) {
        to.put(i, 0, weight(classes[i]));
      }
      gradient.muliColumnVector(column);
    }
    if (mask != null) {
      LossUtil.applyMask(gradient, mask);
    }
    return gradient;
  }

  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    return new Pair<>(
        computeScore(labels, preOutput, activation, mask, average),
        computeGradient(labels, preOutput, activation, mask));
  }

  private double weight(int label) {
    return delegate.getWeights() == null ? 1 : delegate.getWeights().getDouble(label);
  }

  private static int[] classes(INDArray labels, long count) {
    int[] classes = new int[(int) labels.length()];
    Matrix from = new Matrix(labels.reshape(labels.length(), 1));
    for (int i = 0; i < classes.length; i++) {
      classes[i] = (int) from.get(i, 0);
      if (classes[i] < 0 || classes[i] >= count) {
        throw outOfRange(classes[i], count);
      }
    }
    return classes;
  }

  static StagecoachException outOfRange(long label, long count) {
    return new StagecoachException(
        ErrorKind.DATA,
        "Label " + label + " is not one of the model's classes, 0 to " + (count - 1),
        "Correct the label column, or give the output layer as many outputs as there are classes.");
  }

  @Override
  public String name() {
    return delegate.name();
  }

  @Override
  public String toString() {
    return "ClassIndexLoss(" + delegate + ")";
  }

  /** Single elements of a matrix, without the cost of ND4J's checks for each. */
  private static final class Matrix {
    private final DataBuffer data;
    private final long rowStride;
    private final long columnStride;

    Matrix(INDArray matrix) {
      // Indices into an array's own buffer count from the array's first element, also for views.
      this.data = matrix.data();
      this.rowStride = matrix.stride(0);
      this.columnStride = matrix.stride(1);
    }

    double get(long row, long column) {
      return data.getDouble(row * rowStride + column * columnStride);
    }

    void put(long row, long column, double value) {
      data.put(row * rowStride + column * columnStride, value);
    }
  }
}
