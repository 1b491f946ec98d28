package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The tokens that were to be predicted, and how much each counts, example by example. */
final class TokenLabels {

  private final int[] classes;
  private final double[] weights;

  /**
   * @param classes the token of each position
   * @param weights the mask of each position
   */
  private TokenLabels(int[] classes, double[] weights) {
    this.classes = classes;
    this.weights = weights;
  }

  /**
   * Reads labels.
   *
   * @param labels indices or one-hot, as {@link TokenOutput} says
   * @param mask in DL4J's form, a column that runs through the examples first; null for none
   * @throws StagecoachException of kind {@code DATA} where they are not tokens
   */
  static TokenLabels of(INDArray labels, INDArray mask, int examples, int time, int vocabulary) {
    double[] weights = new double[examples * time];
    Arrays.fill(weights, 1);
    if (mask != null) {
      double[] column =
          mask.dup('c').reshape(mask.length()).castTo(DataType.DOUBLE).toDoubleVector();
      for (int i = 0; i < weights.length; i++) {
        weights[i] = column[(i % time) * examples + i / time];
      }
    }
    boolean oneHot = labels.rank() == 3 && labels.length() == (long) weights.length * vocabulary;
    if (!oneHot && labels.length() != weights.length) {
      throw refusal(
          "Labels of shape "
              + Arrays.toString(labels.shape())
              + " do not fit "
              + examples
              + " sequences of "
              + time
              + " tokens");
    }
    INDArray indices = oneHot ? labels.argMax(2) : labels;
    int[] classes = indices.dup('c').reshape(weights.length).castTo(DataType.INT32).toIntVector();
    for (int i = 0; i < classes.length; i++) {
      if (weights[i] == 0) {
        // What does not count may be anything.
        classes[i] = Math.floorMod(classes[i], vocabulary);
      } else if (classes[i] < 0 || classes[i] >= vocabulary) {
        throw refusal(
            "Label " + classes[i] + " is not one of the model's classes, 0 to " + (vocabulary - 1));
      } else if (oneHot && labels.getDouble(i / time, i % time, classes[i]) != 1) {
        throw refusal("A label vector is not one-hot");
      }
    }
    return new TokenLabels(classes, weights);
  }

  private static StagecoachException refusal(String what) {
    return new StagecoachException(
        ErrorKind.DATA,
        what,
        "Give token indices of shape [examples, time], of the model's own vocabulary.");
  }

  /** The token of each position. */
  int[] classes() {
    return classes;
  }

  /** The mask of each position. */
  double[] weights() {
    return weights;
  }

  /** The sum of all positions' losses, each by its weight. */
  double sum(double[] losses) {
    return sum(losses, 0, losses.length);
  }

  /** The sum over some positions. */
  double sum(double[] losses, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      // Not a product with 0: what does not count may be infinite.
      sum += weights[i] == 0 ? 0 : weights[i] * losses[i];
    }
    return sum;
  }
}
