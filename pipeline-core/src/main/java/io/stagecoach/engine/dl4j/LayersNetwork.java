package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Some of the layers of a {@code MultiLayerNetwork}. */
final class LayersNetwork implements StageNetwork {

  private final MultiLayerNetwork network;
  private final List<StageNode> nodes = new ArrayList<>();

  LayersNetwork(LayersModel model, StageSlice slice, Optional<INDArray> row, RandomKey key) {
    int count = slice.nodes().size();
    MultiLayerConfiguration configuration =
        StageConfiguration.slice(model.json(), slice.first(), slice.first() + count);
    for (int i = 0; i < count; i++) {
      org.deeplearning4j.nn.conf.layers.Layer layer = configuration.getConf(i).getLayer();
      KeyedRandomness.install(layer, slice.first() + i, key);
      if (slice.outputs().contains(slice.nodes().get(i).name())) {
        OutputHead.install(layer);
      }
    }
    network = new MultiLayerNetwork(configuration);
    network.init(row.orElse(null), false);
    Layer[] layers = network.getLayers();
    for (int i = 0; i < count; i++) {
      nodes.add(
          new LayerNode(
              layers[i],
              Optional.ofNullable(configuration.getInputPreProcess(i)),
              model.isTruncated(),
              input(slice, i)));
    }
  }

  private static LayerNode.Input input(StageSlice slice, int index) {
    if (index == 0) {
      return LayerNode.Input.SHARED;
    }
    return slice.outputs().contains(slice.nodes().get(index).name())
        ? LayerNode.Input.KEPT
        : LayerNode.Input.OWNED;
  }

  @Override
  public List<StageNode> nodes() {
    return nodes;
  }

  @Override
  public INDArray parameters() {
    return network.params();
  }

  @Override
  public void writeGradientsTo(INDArray scratch) {
    network.setBackpropGradientsViewArray(scratch);
  }

  @Override
  public void setInputs(Map<String, Activations> inputs) {}
}
