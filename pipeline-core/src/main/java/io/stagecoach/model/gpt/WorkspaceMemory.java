package io.stagecoach.model.gpt;

import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/** The memory that DL4J lends a layer for a pass. */
final class WorkspaceMemory implements Memory {

  private final LayerWorkspaceMgr workspaces;
  private final DataType type;
  private final boolean keeps;

  private WorkspaceMemory(LayerWorkspaceMgr workspaces, DataType type, boolean keeps) {
    this.workspaces = workspaces;
    this.type = type;
    this.keeps = keeps;
  }

  /** For a forward pass that a backward pass follows. */
  static WorkspaceMemory training(LayerWorkspaceMgr workspaces, DataType type) {
    return new WorkspaceMemory(workspaces, type, true);
  }

  /** For a pass that nothing follows: nothing is kept. */
  static WorkspaceMemory passing(LayerWorkspaceMgr workspaces, DataType type) {
    return new WorkspaceMemory(workspaces, type, false);
  }

  @Override
  public INDArray kept(long... shape) {
    // Where a layer's input is, which backward needs, too: FF_CACHE is not there in plain DL4J.
    return keeps
        ? workspaces.createUninitialized(ArrayType.INPUT, type, shape, 'c')
        : scratch(shape);
  }

  @Override
  public INDArray scratch(long... shape) {
    // DL4J makes its working memory current around every pass of a layer.
    return Nd4j.createUninitialized(type, shape, 'c');
  }

  /** The array itself if it is contiguous in c order, else a copy that is kept. */
  INDArray contiguous(INDArray array) {
    if (array.ordering() == 'c' && Shape.hasDefaultStridesForShape(array)) {
      return array;
    }
    INDArray copy = kept(array.shape());
    copy.assign(array);
    return copy;
  }
}
