package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Softmax and cross-entropy by ND4J operations. */
final class Nd4jCrossEntropy implements CrossEntropyMath {

  @Override
  public double[] losses(INDArray logits, int[] classes) {
    INDArray shifted = logits.subColumnVector(logits.max(true, 1));
    INDArray chosen = Nd4j.createUninitialized(logits.dataType(), classes.length);
    for (int row = 0; row < classes.length; row++) {
      chosen.putScalar(row, shifted.getDouble(row, classes[row]));
    }
    INDArray partition = Transforms.exp(shifted, false).sum(1);
    return Transforms.log(partition, false).subi(chosen).toDoubleVector();
  }

  @Override
  public void softmax(INDArray logits) {
    logits.subiColumnVector(logits.max(true, 1));
    Transforms.exp(logits, false);
    logits.diviColumnVector(logits.sum(true, 1));
  }

  @Override
  public void gradients(INDArray logits, int[] classes, double[] weights) {
    softmax(logits);
    for (int row = 0; row < classes.length; row++) {
      logits.putScalar(row, classes[row], logits.getDouble(row, classes[row]) - 1);
    }
    INDArray column = Nd4j.createFromArray(weights).castTo(logits.dataType());
    logits.muliColumnVector(column.reshape('c', weights.length, 1));
  }
}
