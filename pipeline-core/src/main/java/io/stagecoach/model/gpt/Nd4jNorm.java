package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Layer norm by ND4J operations. */
final class Nd4jNorm implements NormMath {

  @Override
  public Pass forward(INDArray x, INDArray gain, INDArray bias, INDArray y, Memory memory) {
    INDArray normalized = memory.kept(x.shape());
    INDArray scale = memory.kept(x.size(0), 1);
    normalized.assign(x);
    normalized.subiColumnVector(x.mean(true, 1));
    INDArray variance = normalized.mul(normalized).mean(true, 1);
    scale.assign(Transforms.sqrt(variance.addi(LayerNorm.EPSILON), false).rdivi(1));
    normalized.muliColumnVector(scale);
    y.assign(normalized);
    y.muliRowVector(Products.row(gain));
    y.addiRowVector(Products.row(bias));
    return new NormPass(normalized, scale, gain);
  }

  private record NormPass(INDArray normalized, INDArray scale, INDArray gain) implements Pass {

    @Override
    public void backward(
        INDArray outputGradient,
        INDArray inputGradient,
        INDArray gainGradient,
        INDArray biasGradient,
        Memory memory) {
      Products.sumOfRows(outputGradient.mul(normalized), gainGradient);
      Products.sumOfRows(outputGradient, biasGradient);
      inputGradient.assign(outputGradient);
      inputGradient.muliRowVector(Products.row(gain));
      INDArray mean = inputGradient.mean(true, 1);
      INDArray slope = inputGradient.mul(normalized).mean(true, 1);
      inputGradient.subiColumnVector(mean);
      inputGradient.subi(normalized.mulColumnVector(slope));
      inputGradient.muliColumnVector(scale);
    }
  }
}
