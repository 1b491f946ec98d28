package io.stagecoach.model.gpt;

import io.stagecoach.model.IncrementalLayer;
import io.stagecoach.model.LayerCache;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@link TransformerBlock} at run time. */
final class TransformerBlockRuntime extends GptRuntime<TransformerBlock>
    implements IncrementalLayer {

  private static final long serialVersionUID = 1L;

  private transient BlockMath.Pass pass;

  TransformerBlockRuntime(NeuralNetConfiguration configuration, DataType type) {
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
    List<Thinning> thinnings = thinnings(training, workspaces);
    BlockMath.Pass run =
        path.block()
            .forward(
                shape(input),
                BlockWeights.of(params),
                memory.contiguous(input),
                y,
                new BlockDropouts(thinnings.get(0), thinnings.get(1), thinnings.get(2)),
                memory);
    pass = training ? run : null;
    return y;
  }

  private BlockShape shape(INDArray x) {
    int width = (int) layerConf().getNOut();
    return new BlockShape(
        (int) x.size(0),
        (int) x.size(1),
        width,
        layerConf().getHeads(),
        width * layerConf().getFactor());
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray gradient = inputGradient(workspaces);
    WorkspaceMemory memory = WorkspaceMemory.passing(workspaces, dataType);
    pass.backward(memory.contiguous(epsilon), gradient, BlockWeights.of(gradientViews), memory);
    pass = null;
    return new Pair<>(gradients(), gradient);
  }

  @Override
  public LayerCache newCache(int examples, int maxLength) {
    int heads = layerConf().getHeads();
    int headWidth = (int) layerConf().getNOut() / heads;
    return new KeyValueCache(dataType, examples, heads, maxLength, headWidth);
  }

  @Override
  public INDArray activateNext(INDArray next, LayerCache cache) {
    return new BlockStep(path.norm())
        .forward(
            shape(next),
            BlockWeights.of(params),
            next,
            (KeyValueCache) cache,
            new CurrentMemory(dataType));
  }

  @Override
  public void clear() {
    super.clear();
    pass = null;
  }
}
