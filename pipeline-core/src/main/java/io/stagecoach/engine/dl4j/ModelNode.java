package io.stagecoach.engine.dl4j;

import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.layers.Layer;

/**
 * One step of a model's computation: a layer of a {@code MultiLayerNetwork}, or a vertex of a
 * {@code ComputationGraph}. The model may be cut before any of them.
 *
 * @param name unique in the model, and what its parameters' names begin with
 * @param inputs the nodes and inputs of the model that it reads, in its own order; a name may stand
 *     there twice
 * @param content what it computes
 */
public record ModelNode(String name, List<String> inputs, Content content) {

  /** What a node computes. */
  public sealed interface Content {}

  /** A layer, with the preprocessor that stands before it. */
  public record Layered(NeuralNetConfiguration conf, Optional<InputPreProcessor> preProcessor)
      implements Content {}

  /** A vertex without a layer: it joins, splits or rearranges arrays. */
  public record Operation(GraphVertex vertex) implements Content {}

  public ModelNode {
    inputs = List.copyOf(inputs);
  }

  /** The layer's configuration; none for a vertex without one. */
  public Optional<Layer> layer() {
    return content instanceof Layered layered
        ? Optional.of(layered.conf().getLayer())
        : Optional.empty();
  }
}
