package io.stagecoach.engine.dl4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Arrays that outlive the workspace that is current. */
@SuppressWarnings("try") // ND4J's memory scopes are resources that no one needs to name.
final class OwnedArrays {

  private OwnedArrays() {}

  /** A copy in memory of its own, which whoever gets it closes. */
  static INDArray copy(INDArray array) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      // In the same order: random masks are drawn in the order of memory.
      return array.dup(array.ordering());
    }
  }

  /** One int32 in memory of its own. */
  static INDArray number(int value) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createFromArray(value);
    }
  }
}
