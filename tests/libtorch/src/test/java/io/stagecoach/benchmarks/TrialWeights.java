package io.stagecoach.benchmarks;

import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.BlockWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Weights of a block that are none of a trained one's, but of their size. */
final class TrialWeights {

  private TrialWeights() {}

  static BlockWeights random(BlockShape shape) {
    long d = shape.width();
    long h = shape.hidden();
    return new BlockWeights(
        numbers(1, d),
        numbers(0.1, d),
        numbers(0.05, d, 3 * d),
        numbers(0.1, 3 * d),
        numbers(0.05, d, d),
        numbers(0.1, d),
        numbers(1, d),
        numbers(0.1, d),
        numbers(0.05, d, h),
        numbers(0.1, h),
        numbers(0.05, h, d),
        numbers(0.1, d));
  }

  private static INDArray numbers(double deviation, long... shape) {
    return Nd4j.randn(DataType.FLOAT, shape).muli(deviation);
  }
}
