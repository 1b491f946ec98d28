package io.stagecoach.plan;

import java.io.Serializable;
import java.util.List;

/**
 * What a model's layers cost, for one micro-batch.
 *
 * @param layers all layers in model order; at least one
 * @param inputBytes the features of one micro-batch, as the first layer reads them
 * @param microBatch how many examples the costs are for
 */
public record ModelCosts(List<LayerCost> layers, long inputBytes, int microBatch)
    implements Serializable {

  public ModelCosts {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("a model has at least one layer");
    }
    for (int i = 0; i < layers.size(); i++) {
      if (layers.get(i).index() != i) {
        throw new IllegalArgumentException(
            "layer " + layers.get(i).index() + " stands at place " + i);
      }
    }
    if (inputBytes < 0 || microBatch < 1) {
      throw new IllegalArgumentException("input " + inputBytes + ", micro-batch " + microBatch);
    }
  }

  /** How many layers there are. */
  public int size() {
    return layers.size();
  }

  /** What crosses into a stage that begins with this layer; the features for layer 0. */
  public long bytesInto(int firstLayer) {
    return firstLayer == 0 ? inputBytes : layers.get(firstLayer - 1).outputBytes();
  }

  /**
   * The layers from {@code firstLayer} to before {@code endLayer} as one stage; at least one layer.
   */
  public StageCost stage(int firstLayer, int endLayer) {
    if (firstLayer >= endLayer) {
      throw new IllegalArgumentException("no layers: " + firstLayer + " to " + endLayer);
    }
    StageCost cost = single(endLayer - 1);
    for (int i = endLayer - 2; i >= firstLayer; i--) {
      cost = single(i).before(cost);
    }
    return cost;
  }

  /** One layer as a stage of its own. */
  StageCost single(int index) {
    LayerCost layer = layers.get(index);
    return new StageCost(
        layer.parameters(),
        layer.parameterBytes(),
        layer.ownBytes(),
        layer.updaterBytes(),
        bytesInto(index),
        layer.outputBytes(),
        layer.stashBytes(),
        layer.workingBytes(),
        layer.forwardOperations(),
        layer.backwardOperations());
  }
}
