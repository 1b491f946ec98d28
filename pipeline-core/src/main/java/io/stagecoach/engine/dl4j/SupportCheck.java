package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.model.DescribesItself;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BasePretrainNetwork;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Cnn3DLossLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.samediff.AbstractSameDiffLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffVertex;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.deeplearning4j.nn.conf.stepfunctions.NegativeGradientStepFunction;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.AdaBelief;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.exc.InvalidTypeIdException;

/**
 * Says before anything runs whether a configuration can be trained in a pipeline, and if not, which
 * layer is in the way, why, and what to do. The page docs/dl4j-support.md is the same as a table.
 */
public final class SupportCheck {

  private static final Set<DataType> DATA_TYPES = Set.of(DataType.FLOAT, DataType.DOUBLE);

  private static final List<Class<? extends Layer>> OUTPUT_LAYERS =
      List.of(
          BaseOutputLayer.class,
          LossLayer.class,
          RnnLossLayer.class,
          CnnLossLayer.class,
          Cnn3DLossLayer.class,
          Yolo2OutputLayer.class);

  private SupportCheck() {}

  /**
   * Reads a configuration and checks it.
   *
   * @param json the configuration of a {@code MultiLayerNetwork} or a {@code ComputationGraph}
   * @throws StagecoachException MODEL if it is neither, or holds what cannot be cut
   */
  public static Dl4jModel parse(String json) {
    Dl4jModel model = read(json);
    check(model);
    return model;
  }

  /** Reads a configuration without a look at whether it can be cut. */
  static Dl4jModel read(String json) {
    JsonNode tree;
    try {
      tree = NeuralNetConfiguration.mapper().readTree(json);
    } catch (IOException e) {
      throw notANetwork("the text is not JSON: " + firstLine(e), e);
    }
    if (tree == null || !tree.isObject()) {
      throw notANetwork("the JSON is not an object", null);
    }
    boolean graph = tree.has("vertices") && tree.has("networkInputs");
    if (!graph && !tree.has("confs")) {
      String fields =
          StreamSupport.stream(((Iterable<String>) tree::fieldNames).spliterator(), false)
              .limit(5)
              .collect(Collectors.joining(", "));
      throw notANetwork("it has no 'confs' but " + (fields.isEmpty() ? "nothing" : fields), null);
    }
    try {
      return graph ? readGraph(json) : readLayers(json);
    } catch (StagecoachException e) {
      throw e;
    } catch (RuntimeException e) {
      throw missingClass(e)
          .map(name -> classNotFound(name, e))
          .orElseGet(() -> notANetwork("DL4J cannot read it: " + firstLine(e), e));
    }
  }

  /** The class that the JSON names and that is not there, if that is what failed. */
  private static Optional<String> missingClass(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidTypeIdException unknown && unknown.getTypeId() != null) {
        return Optional.of(unknown.getTypeId());
      }
    }
    return Optional.empty();
  }

  private static StagecoachException classNotFound(String name, Exception cause) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "The network has a " + name + ", a class that is not on the class path",
        Where.nowhere(),
        "Give spark-submit the jar that has it, with --jars or --packages; driver and executors"
            + " need it. DL4J's own classes, those of its Keras import included, are in this job's"
            + " jar, of version 1.0.0-M2.1.",
        cause);
  }

  private static Dl4jModel readLayers(String json) {
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
    if (configuration.getConfs() == null || configuration.getConfs().isEmpty()) {
      throw notANetwork("it has no layers", null);
    }
    return new LayersModel(configuration);
  }

  private static Dl4jModel readGraph(String json) {
    ComputationGraphConfiguration configuration = ComputationGraphConfiguration.fromJson(json);
    if (configuration.getVertices() == null || configuration.getVertices().isEmpty()) {
      throw notANetwork("it has no vertices", null);
    }
    GraphModel model = new GraphModel(configuration);
    Set<String> known = new HashSet<>(model.inputs());
    for (ModelNode node : model.nodes()) {
      if (!known.containsAll(node.inputs())) {
        throw notANetwork("vertex '" + node.name() + "' stands before what it reads", null);
      }
      known.add(node.name());
    }
    if (model.nodes().size() != configuration.getVertices().size()) {
      throw notANetwork("its topological order leaves vertices out", null);
    }
    return model;
  }

  private static StagecoachException notANetwork(String why, Exception cause) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "The configuration is not a DL4J network: " + why,
        Where.nowhere(),
        "Give the JSON that toJson() of MultiLayerConfiguration or ComputationGraphConfiguration"
            + " writes; classes of custom layers must be on the class path.",
        cause);
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /**
   * Checks a configuration.
   *
   * @throws StagecoachException MODEL for the first thing that cannot be cut
   */
  public static void check(MultiLayerConfiguration configuration) {
    check(new LayersModel(configuration));
  }

  static void check(Dl4jModel model) {
    if (!DATA_TYPES.contains(model.dataType())) {
      throw refuse(
          "Data type " + model.dataType() + " is not supported", "Set dataType FLOAT or DOUBLE.");
    }
    Set<String> read = new HashSet<>();
    model.nodes().forEach(node -> read.addAll(node.inputs()));
    for (ModelNode node : model.nodes()) {
      if (node.content() instanceof ModelNode.Layered layered) {
        checkSolver(node.name(), layered.conf());
        checkLayer(node.name(), layered.conf().getLayer(), model.isTruncated());
        checkPlace(model, node, layered.conf().getLayer(), read.contains(node.name()));
      } else if (node.content() instanceof ModelNode.Operation operation) {
        checkVertex(node, operation.vertex(), model.isTruncated());
        if (!read.contains(node.name())) {
          throw refuseVertex(
              node,
              operation.vertex(),
              "nothing reads it and it has no loss",
              "Leave it out, or put an output layer behind it.");
        }
      }
    }
  }

  /** Losses at the ends and only there; embeddings at the beginning. */
  private static void checkPlace(Dl4jModel model, ModelNode node, Layer layer, boolean isRead) {
    boolean output = isOutput(layer);
    if (!isRead && !output) {
      throw refuseLayer(
          node.name(),
          layer,
          layer instanceof FrozenLayer
              ? "a frozen output layer lets nothing train"
              : "it is last but has no loss",
          "End the network with an output or loss layer that is not frozen.");
    }
    if (isRead && output) {
      throw refuseLayer(
          node.name(),
          layer,
          "a layer with a loss must be last",
          "Use a DenseLayer or ActivationLayer.");
    }
    if (output != model.outputs().contains(node.name())) {
      throw refuseLayer(
          node.name(),
          layer,
          output ? "it has a loss but is no output" : "it is an output but has no loss",
          "Make the layers with a loss, and no others, the outputs of the graph.");
    }
    if (isEmbedding(layer) && !model.inputs().containsAll(node.inputs())) {
      throw refuseLayer(
          node.name(),
          layer,
          "it gives no gradient to the layers before it, so that they would not train",
          "Make it the first layer.");
    }
  }

  private static boolean isEmbedding(Layer layer) {
    return layer instanceof EmbeddingLayer
        || layer instanceof EmbeddingSequenceLayer
        || (layer instanceof DescribesItself own && own.readsIndices());
  }

  private static void checkVertex(ModelNode node, GraphVertex vertex, boolean truncated) {
    if (vertex instanceof SameDiffVertex || vertex instanceof AttentionVertex) {
      throw refuseVertex(
          node,
          vertex,
          "vertices on SameDiff return twice their gradients in DL4J 1.0.0-M2.1",
          "Use a vertex that is not built on SameDiff.");
    }
    if (vertex instanceof MergeVertex merge && merge.getMergeAxis() < 0) {
      throw refuseVertex(
          node,
          vertex,
          "DL4J 1.0.0-M2.1 fails in its backward pass where the axis is counted from the end ("
              + merge.getMergeAxis()
              + ")",
          "Count it from the front, in Keras as axis=3 for images and axis=1 for vectors.");
    }
    if (vertex instanceof FrozenVertex frozen && frozen.getUnderlying() instanceof LayerVertex) {
      throw refuseVertex(
          node, vertex, "it wraps a layer", "Freeze layers with FrozenLayer, as DL4J does.");
    }
    if (truncated
        && (vertex instanceof LastTimeStepVertex || vertex instanceof ReverseTimeSeriesVertex)) {
      throw refuseVertex(
          node,
          vertex,
          "it needs the whole sequence, which truncated back-propagation cuts into segments",
          "Use BackpropType.Standard.");
    }
  }

  private static StagecoachException refuseVertex(
      ModelNode node, GraphVertex vertex, String why, String remedy) {
    return refuse(
        "Vertex " + node.name() + " (" + vertex.getClass().getSimpleName() + "): " + why, remedy);
  }

  private static void checkSolver(String node, NeuralNetConfiguration conf) {
    if (conf.getOptimizationAlgo() != null
        && conf.getOptimizationAlgo() != OptimizationAlgorithm.STOCHASTIC_GRADIENT_DESCENT) {
      throw refuseLayer(
          node,
          conf.getLayer(),
          "the optimization algorithm "
              + conf.getOptimizationAlgo()
              + " needs the loss at several points in a step",
          "Use STOCHASTIC_GRADIENT_DESCENT, with any updater.");
    }
    if (conf.getStepFunction() != null
        && !(conf.getStepFunction() instanceof NegativeGradientStepFunction)) {
      throw refuseLayer(
          node,
          conf.getLayer(),
          "it has the step function " + conf.getStepFunction().getClass().getSimpleName(),
          "Leave the step function out.");
    }
    if (!conf.isMiniBatch()) {
      throw refuseLayer(
          node,
          conf.getLayer(),
          "miniBatch(false) keeps gradients from being averaged, which the synchronizer does",
          "Use miniBatch(true), and a learning rate multiplied by the mini-batch size.");
    }
  }

  private static void checkLayer(String node, Layer layer, boolean truncated) {
    if (layer instanceof AbstractSameDiffLayer) {
      throw refuseLayer(
          node,
          layer,
          "layers on SameDiff return twice their gradients in DL4J 1.0.0-M2.1",
          "Use a layer that is not built on SameDiff.");
    }
    if (layer instanceof BasePretrainNetwork) {
      throw refuseLayer(
          node,
          layer,
          "layers with unsupervised pre-training are not supported",
          "Pre-train with DL4J, then take the encoder's weights into a DenseLayer.");
    }
    if (layer instanceof CenterLossOutputLayer) {
      throw refuseLayer(
          node,
          layer,
          "its centres move by class means over the whole mini-batch, which micro-batches do not"
              + " add up to",
          "Use an OutputLayer.");
    }
    if (layer instanceof OCNNOutputLayer) {
      throw refuseLayer(
          node,
          layer,
          "its threshold is a quantile over the whole mini-batch, which micro-batches do not add up"
              + " to",
          "Use an OutputLayer.");
    }
    if (layer instanceof Convolution1DLayer convolution
        && convolution.getRnnDataFormat() == RNNFormat.NWC) {
      throw refuseLayer(
          node,
          layer,
          "DL4J 1.0.0-M2.1 fails in its backward pass where the channels come last, as Keras has"
              + " them",
          "Build it with RNNFormat.NCW.");
    }
    if (layer instanceof BaseLayer base && base.getActivationFn() instanceof ActivationRReLU) {
      throw refuseLayer(
          node,
          layer,
          "RReLU draws random slopes that cannot be keyed to step and micro-batch",
          "Use LEAKYRELU with the mean slope.");
    }
    if (layer instanceof BaseLayer base
        && (base.getIUpdater() instanceof AdaBelief
            || base.getBiasUpdater() instanceof AdaBelief)) {
      throw refuseLayer(
          node,
          layer,
          "DL4J 1.0.0-M2.1 fails when it sets up AdaBelief",
          "Use Adam or another updater.");
    }
    if (truncated && layer instanceof SimpleRnn) {
      throw refuseLayer(
          node,
          layer,
          "with truncated back-propagation its backward pass in DL4J forgets the carried state",
          "Use an LSTM, or BackpropType.Standard.");
    }
    if (truncated && cannotCarryState(layer)) {
      throw refuseLayer(
          node,
          layer,
          "it cannot carry state from one time segment to the next",
          "Use BackpropType.Standard, or a plain LSTM or GravesLSTM.");
    }
    for (Layer inner : LayerTree.inner(layer)) {
      checkLayer(node, inner, truncated);
    }
  }

  @SuppressWarnings("deprecation") // Old configurations still have GravesBidirectionalLSTM.
  private static boolean cannotCarryState(Layer layer) {
    return layer instanceof Bidirectional
        || layer instanceof GravesBidirectionalLSTM
        || layer instanceof LastTimeStep
        || layer instanceof MaskZeroLayer
        || layer instanceof TimeDistributed;
  }

  private static boolean isOutput(Layer layer) {
    Layer inside = layer instanceof FrozenLayerWithBackprop frozen ? frozen.getUnderlying() : layer;
    return OUTPUT_LAYERS.stream().anyMatch(type -> type.isInstance(inside));
  }

  private static StagecoachException refuseLayer(
      String node, Layer layer, String why, String remedy) {
    boolean named = layer.getLayerName() != null && !layer.getLayerName().equals(node);
    String name = named ? " '" + layer.getLayerName() + "'" : "";
    return refuse(
        "Layer " + node + name + " (" + layer.getClass().getSimpleName() + "): " + why, remedy);
  }

  private static StagecoachException refuse(String what, String remedy) {
    return new StagecoachException(ErrorKind.MODEL, what, remedy);
  }
}
