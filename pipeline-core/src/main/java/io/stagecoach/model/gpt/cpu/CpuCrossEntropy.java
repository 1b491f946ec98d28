package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.CrossEntropyMath;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Softmax and cross-entropy, in place. Logits are finite; an infinite one gives NaN. */
final class CpuCrossEntropy implements CrossEntropyMath {

  @Override
  public double[] losses(INDArray logits, int[] classes) {
    Floats numbers = Floats.of(logits);
    RowSoftmax softmax = softmax(logits.size(1));
    double[] losses = new double[classes.length];
    for (int first = 0; first < losses.length; first += softmax.tileRows()) {
      int rows = Math.min(softmax.tileRows(), losses.length - first);
      softmax.exponentials(numbers, first, rows);
      for (int r = 0; r < rows; r++) {
        int row = first + r;
        float chosen = logits.getFloat(row, classes[row]);
        losses[row] = Math.log(softmax.total(r)) + softmax.largestLogit(r) - chosen;
      }
    }
    return losses;
  }

  @Override
  public void softmax(INDArray logits) {
    Floats numbers = Floats.of(logits);
    RowSoftmax softmax = softmax(logits.size(1));
    float[] ones = new float[softmax.tileRows()];
    Arrays.fill(ones, 1);
    int count = Math.toIntExact(logits.size(0));
    for (int first = 0; first < count; first += softmax.tileRows()) {
      int rows = Math.min(softmax.tileRows(), count - first);
      softmax.exponentials(numbers, first, rows);
      softmax.normalize(rows, ones);
      softmax.write(numbers, first, rows);
    }
  }

  @Override
  public void gradients(INDArray logits, int[] classes, double[] weights) {
    Floats numbers = Floats.of(logits);
    RowSoftmax softmax = softmax(logits.size(1));
    float[] factors = new float[softmax.tileRows()];
    for (int first = 0; first < classes.length; first += softmax.tileRows()) {
      int rows = Math.min(softmax.tileRows(), classes.length - first);
      for (int r = 0; r < rows; r++) {
        factors[r] = (float) weights[first + r];
      }
      softmax.exponentials(numbers, first, rows);
      softmax.normalize(rows, factors);
      for (int r = 0; r < rows; r++) {
        softmax.add(r, classes[first + r], -factors[r]);
      }
      softmax.write(numbers, first, rows);
    }
  }

  private static RowSoftmax softmax(long width) {
    return Scratch.ofThisThread().rowSoftmax(Math.toIntExact(width));
  }
}
