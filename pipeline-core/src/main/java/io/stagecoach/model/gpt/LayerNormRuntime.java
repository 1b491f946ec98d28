package io.stagecoach.model.gpt;

import io.stagecoach.model.IncrementalLayer;
import io.stagecoach.model.LayerCache;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@link LayerNorm} at run time. */
final class LayerNormRuntime extends GptRuntime<LayerNorm> implements IncrementalLayer {

  private static final long serialVersionUID = 1L;

  private transient NormMath.Pass pass;

  LayerNormRuntime(NeuralNetConfiguration configuration, DataType type) {
    super(configuration, type);
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    INDArray y = output(workspaces, input.shape());
    WorkspaceMemory memory =
        training
            ? WorkspaceMemory.training(workspaces, dataType)
            : WorkspaceMemory.passing(workspaces, dataType);
    INDArray x = rows(memory.contiguous(input));
    NormMath.Pass run = path.norm().forward(x, params.get("g"), params.get("c"), rows(y), memory);
    pass = training ? run : null;
    return y;
  }

  private static INDArray rows(INDArray array) {
    long width = array.size(2);
    return array.reshape('c', array.length() / width, width);
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray gradient = inputGradient(workspaces);
    WorkspaceMemory memory = WorkspaceMemory.passing(workspaces, dataType);
    pass.backward(
        rows(memory.contiguous(epsilon)),
        rows(gradient),
        gradientViews.get("g"),
        gradientViews.get("c"),
        memory);
    pass = null;
    return new Pair<>(gradients(), gradient);
  }

  @Override
  public LayerCache newCache(int examples, int maxLength) {
    return new PositionCache(maxLength);
  }

  @Override
  public INDArray activateNext(INDArray next, LayerCache cache) {
    ((PositionCache) cache).advance((int) next.size(1));
    Memory memory = new CurrentMemory(dataType);
    INDArray y = memory.scratch(next.shape());
    path.norm().forward(rows(next), params.get("g"), params.get("c"), rows(y), memory);
    return y;
  }

  @Override
  public void clear() {
    super.clear();
    pass = null;
  }
}
