package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.buffer.DataType;

/** The path of ND4J operations. */
public final class Nd4jPath implements ComputePath {

  private final NormMath norm = new Nd4jNorm();
  private final BlockMath block = new Nd4jBlock(norm);
  private final CrossEntropyMath crossEntropy = new Nd4jCrossEntropy();

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public boolean runs(DataType type) {
    return type.isFPType();
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
