package io.stagecoach.engine.dl4j;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's network of a stage's nodes: it makes the layers, and gives each its part of the weights.
 */
sealed interface StageNetwork permits LayersNetwork, GraphNetwork {

  /**
   * Makes a network of its own for one replica.
   *
   * @param model the whole model
   * @param slice which of its nodes
   * @param parameters the stage's weights, rank 1, shared with the network; none to make them anew
   * @param key what random masks are keyed by
   */
  static StageNetwork of(
      Dl4jModel model, StageSlice slice, Optional<INDArray> parameters, RandomKey key) {
    Optional<INDArray> row = parameters.map(flat -> flat.reshape(1, flat.length()));
    return model instanceof LayersModel layers
        ? new LayersNetwork(layers, slice, row, key)
        : new GraphNetwork((GraphModel) model, slice, row, key);
  }

  /** The nodes, in the stage's order. */
  List<StageNode> nodes();

  /** All weights; only if there are any. */
  INDArray parameters();

  /** Where gradients are written. */
  void writeGradientsTo(INDArray scratch);

  /** Tells the network what the model's inputs are, for nodes that look there. */
  void setInputs(Map<String, Activations> inputs);
}
