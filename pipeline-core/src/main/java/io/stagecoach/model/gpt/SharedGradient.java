package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The gradient that a user of shared weights leaves for their owner, which goes backward later. */
final class SharedGradient implements AutoCloseable {

  private final INDArray gradient;
  private boolean isThere;

  @SuppressWarnings("try") // ND4J's memory scopes are resources that no one needs to name.
  SharedGradient(INDArray weights) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      gradient = Nd4j.create(weights.dataType(), weights.shape(), 'c');
    }
  }

  /** Where the user writes; counted from now on, once. */
  INDArray write() {
    isThere = true;
    return gradient;
  }

  /** Adds what was written since the last time. */
  void addTo(INDArray sum) {
    if (isThere) {
      sum.addi(gradient);
      isThere = false;
    }
  }

  @Override
  public void close() {
    if (!gradient.wasClosed()) {
      gradient.close();
    }
  }
}
