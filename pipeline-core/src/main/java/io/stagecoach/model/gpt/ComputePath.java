package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * One way to compute the layers of this package. The path of ND4J operations runs on every backend;
 * others are found as services ({@code META-INF/services}) and taken where they can run.
 */
public interface ComputePath {

  /** Its name in the system property {@value ComputePaths#PROPERTY}. */
  String name();

  /** Whether it runs on the present backend for layers of this type. */
  boolean runs(DataType type);

  /** Transformer blocks. */
  BlockMath block();

  /** Norms. */
  NormMath norm();

  /** Output and loss. */
  CrossEntropyMath crossEntropy();
}
