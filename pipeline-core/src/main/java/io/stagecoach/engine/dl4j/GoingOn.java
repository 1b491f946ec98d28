package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.IncrementalLayer;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Runs nodes on the new positions of sequences only: layers with a cache or a recurrent state from
 * what they kept, others that look at each position by itself as they are.
 */
final class GoingOn {

  private static final List<Class<?>> LAYERS_OF_ONE_POSITION =
      List.of(
          DenseLayer.class,
          ActivationLayer.class,
          DropoutLayer.class,
          BatchNormalization.class,
          EmbeddingLayer.class,
          EmbeddingSequenceLayer.class);

  private static final List<Class<?>> VERTICES_OF_ONE_POSITION =
      List.of(
          ElementWiseVertex.class,
          MergeVertex.class,
          ScaleVertex.class,
          ShiftVertex.class,
          SubsetVertex.class);

  private GoingOn() {}

  /**
   * Checks that a node can.
   *
   * @throws StagecoachException MODEL where it needs more of a sequence than what came so far
   */
  static void check(ModelNode node, boolean isOutput) {
    if (node.content() instanceof ModelNode.Operation operation) {
      GraphVertex vertex = operation.vertex();
      require(VERTICES_OF_ONE_POSITION.stream().anyMatch(type -> type.isInstance(vertex)), node);
    } else if (isOutput) {
      require(node.layer().filter(RnnOutputLayer.class::isInstance).isPresent(), node);
    }
  }

  private static void require(boolean can, ModelNode node) {
    if (!can) {
      throw refused(node.name(), node.layer().map(Object::getClass).orElse(null));
    }
  }

  private static StagecoachException refused(String node, Class<?> type) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "Node "
            + node
            + (type == null ? "" : " (" + type.getSimpleName() + ")")
            + " cannot go on with a text token by token",
        "Generate with a GPT, or a network of LSTM layers that ends in an RnnOutputLayer.");
  }

  /**
   * Runs a layer forward.
   *
   * @param name the node's
   * @param layer DL4J's own
   * @param input what the layer reads, its preprocessor applied
   * @param sequences how many there are
   */
  static INDArray forward(
      String name,
      Layer layer,
      INDArray input,
      int sequences,
      NodeMemory kept,
      LayerWorkspaceMgr memory) {
    if (layer instanceof IncrementalLayer incremental) {
      return incremental.activateNext(input, kept.cache(incremental, sequences));
    }
    if (layer instanceof RecurrentLayer recurrent) {
      try {
        kept.restore(recurrent);
        INDArray output = recurrent.rnnTimeStep(input, memory);
        kept.keep(recurrent);
        return output;
      } catch (UnsupportedOperationException e) {
        throw refused(name, layer.conf().getLayer().getClass());
      }
    }
    org.deeplearning4j.nn.conf.layers.Layer configured = layer.conf().getLayer();
    if (LAYERS_OF_ONE_POSITION.stream().noneMatch(type -> type.isInstance(configured))) {
      throw refused(name, configured.getClass());
    }
    return layer.activate(input, false, memory);
  }

  /**
   * What an output predicts after the last position.
   *
   * @param input what the layer reads, its preprocessor applied
   * @return [sequences, classes]
   */
  static INDArray predict(Layer layer, INDArray input, LayerWorkspaceMgr memory) {
    boolean timeInTheMiddle =
        ((RnnOutputLayer) layer.conf().getLayer()).getRnnDataFormat() == RNNFormat.NWC;
    INDArray last = last(input, timeInTheMiddle ? 1 : 2);
    INDArray output;
    if (layer instanceof IncrementalLayer incremental) {
      // An output sees one position alone: there is nothing to keep of it.
      output = incremental.activateNext(last, incremental.newCache((int) last.size(0), 1));
    } else {
      layer.setInput(last, memory);
      output = layer.activate(false, memory);
    }
    return output.dup('c').reshape(output.size(0), output.length() / output.size(0));
  }

  private static INDArray last(INDArray sequence, int timeAxis) {
    long positions = sequence.size(timeAxis);
    INDArrayIndex[] index = {NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.all()};
    index[timeAxis] = NDArrayIndex.interval(positions - 1, positions);
    // ND4J takes some parts of an array that is a view itself for empty.
    INDArray own = sequence.offset() == 0 ? sequence : sequence.dup(sequence.ordering());
    return own.get(index).dup('c');
  }
}
