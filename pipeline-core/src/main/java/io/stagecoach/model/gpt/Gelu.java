package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * GELU in its tanh form, x/2 · (1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks, Gimpel 2016). ND4J's
 * own operations of that name are other functions.
 */
final class Gelu {

  private static final double SCALE = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715;

  private Gelu() {}

  /** A new array. */
  static INDArray of(INDArray x) {
    return tanh(x).addi(1).muli(x).muli(0.5);
  }

  /** The derivative, a new array. */
  static INDArray derivative(INDArray x) {
    INDArray tanh = tanh(x);
    INDArray inner = x.mul(x).muli(3 * CUBIC).addi(1).muli(SCALE);
    INDArray slope = tanh.mul(tanh).rsubi(1).muli(inner).muli(x);
    return slope.addi(tanh).addi(1).muli(0.5);
  }

  private static INDArray tanh(INDArray x) {
    INDArray inner = x.mul(x).muli(CUBIC).addi(1).muli(x).muli(SCALE);
    return Transforms.tanh(inner, false);
  }
}
