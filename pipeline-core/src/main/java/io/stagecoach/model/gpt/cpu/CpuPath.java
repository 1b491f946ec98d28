package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.BlockMath;
import io.stagecoach.model.gpt.ComputePath;
import io.stagecoach.model.gpt.CrossEntropyMath;
import io.stagecoach.model.gpt.NormMath;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** The path for floats in the memory of a CPU. */
public final class CpuPath implements ComputePath {

  private final BlockMath block = new CpuBlock();
  private final NormMath norm = new CpuNorm();
  private final CrossEntropyMath crossEntropy = new CpuCrossEntropy();

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public boolean runs(DataType type) {
    return type == DataType.FLOAT && Nd4j.getEnvironment().isCPU();
  }

  @Override
  public BlockMath block() {
    return block;
  }

  @Override
  public NormMath norm() {
    return norm;
  }

  @Override
  public CrossEntropyMath crossEntropy() {
    return crossEntropy;
  }
}
