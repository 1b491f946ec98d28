package io.stagecoach.model.gpt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A layer at run time: input, dropouts, memory. */
abstract class GptRuntime<C extends GptLayer> extends BaseLayer<C> {

  private static final long serialVersionUID = 1L;

  final transient ComputePath path;

  GptRuntime(NeuralNetConfiguration configuration, DataType type) {
    super(configuration, type);
    this.path = ComputePaths.of(type);
  }

  /** The gradients that are now in this layer's part of the flat vector. */
  final Gradient gradients() {
    Gradient gradient = new DefaultGradient(gradientsFlattened);
    for (Map.Entry<String, INDArray> view : gradientViews.entrySet()) {
      gradient.setGradientFor(view.getKey(), view.getValue(), 'c');
    }
    return gradient;
  }

  /** A new array for what the layer gives. */
  final INDArray output(LayerWorkspaceMgr workspaces, long... shape) {
    return workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, shape, 'c');
  }

  /** A new array for the gradient of what the layer got. */
  final INDArray inputGradient(LayerWorkspaceMgr workspaces) {
    return workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
  }

  /** The layer's dropouts, in the order of its configuration; none in inference. */
  final List<Thinning> thinnings(boolean training, LayerWorkspaceMgr workspaces) {
    List<Thinning> all = new ArrayList<>();
    for (IDropout dropout : layerConf().dropouts()) {
      all.add(
          training && dropout != null
              ? new DropoutThinning(dropout, iterationCount, epochCount, workspaces)
              : Thinning.NONE);
    }
    return all;
  }

  @Override
  public boolean isPretrainLayer() {
    return false;
  }

  @Override
  public void clear() {
    super.clear();
    layerConf().dropouts().stream().filter(d -> d != null).forEach(IDropout::clear);
  }
}
