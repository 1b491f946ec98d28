package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.Memory;
import io.stagecoach.model.gpt.NormMath;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Layer norms. */
final class CpuNorm implements NormMath {

  @Override
  public NormMath.Pass forward(
      INDArray x, INDArray gain, INDArray bias, INDArray y, Memory memory) {
    Floats input = Floats.of(x);
    Floats gains = Floats.of(gain);
    Floats kept = Floats.of(memory.kept(x.size(0), 2));
    int width = Math.toIntExact(x.size(1));
    Scratch.ofThisThread().norm(width).forward(input, gains, Floats.of(bias), Floats.of(y), kept);
    return new Pass(width, input, gains, kept);
  }

  private record Pass(int width, Floats input, Floats gains, Floats kept) implements NormMath.Pass {

    @Override
    public void backward(
        INDArray outputGradient,
        INDArray inputGradient,
        INDArray gainGradient,
        INDArray biasGradient,
        Memory memory) {
      inputGradient.assign(0);
      Floats gradient = Floats.of(inputGradient);
      Scratch.ofThisThread()
          .norm(width)
          .backward(
              input,
              gains,
              kept,
              Floats.of(outputGradient),
              gradient,
              gradient,
              Floats.of(gainGradient),
              Floats.of(biasGradient));
    }
  }
}
