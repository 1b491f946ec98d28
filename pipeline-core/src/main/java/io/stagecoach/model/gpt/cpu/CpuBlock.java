package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.BlockDropouts;
import io.stagecoach.model.gpt.BlockMath;
import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.BlockWeights;
import io.stagecoach.model.gpt.Memory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Transformer blocks. */
final class CpuBlock implements BlockMath {

  @Override
  public BlockMath.Pass forward(
      BlockShape shape,
      BlockWeights weights,
      INDArray x,
      INDArray y,
      BlockDropouts dropouts,
      Memory memory) {
    CpuBlockPass pass =
        new CpuBlockPass(shape, FloatWeights.of(weights), Floats.of(x), dropouts, memory);
    pass.forward(y, memory);
    return pass;
  }
}
