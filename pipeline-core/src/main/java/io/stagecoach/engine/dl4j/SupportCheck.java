package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DescribesItself;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BasePretrainNetwork;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Cnn3DLossLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
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
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.deeplearning4j.nn.conf.stepfunctions.NegativeGradientStepFunction;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.AdaBelief;
import org.nd4j.shade.jackson.databind.JsonNode;

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
   * @param json the configuration of a {@code MultiLayerNetwork}
   * @throws StagecoachException MODEL if it is not one, or holds what cannot be cut
   */
  public static MultiLayerConfiguration parse(String json) {
    MultiLayerConfiguration configuration = read(json);
    check(configuration);
    return configuration;
  }

  private static MultiLayerConfiguration read(String json) {
    JsonNode tree;
    try {
      tree = NeuralNetConfiguration.mapper().readTree(json);
    } catch (IOException e) {
      throw notANetwork("the text is not JSON: " + firstLine(e), e);
    }
    if (tree == null || !tree.isObject()) {
      throw notANetwork("the JSON is not an object", null);
    }
    if (tree.has("vertices") && tree.has("networkInputs")) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The configuration is a ComputationGraph, which cannot be cut yet",
          "Use a MultiLayerNetwork; a graph without branches can be written as one.");
    }
    if (!tree.has("confs")) {
      String fields =
          StreamSupport.stream(((Iterable<String>) tree::fieldNames).spliterator(), false)
              .limit(5)
              .collect(Collectors.joining(", "));
      throw notANetwork("it has no 'confs' but " + (fields.isEmpty() ? "nothing" : fields), null);
    }
    try {
      MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
      if (configuration.getConfs() == null || configuration.getConfs().isEmpty()) {
        throw notANetwork("it has no layers", null);
      }
      return configuration;
    } catch (StagecoachException e) {
      throw e;
    } catch (RuntimeException e) {
      throw notANetwork("DL4J cannot read it: " + firstLine(e), e);
    }
  }

  private static StagecoachException notANetwork(String why, Exception cause) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "The configuration is not a DL4J network: " + why,
        io.stagecoach.error.Where.nowhere(),
        "Give the JSON that MultiLayerConfiguration.toJson() writes; classes of custom layers must"
            + " be on the class path.",
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
    if (!DATA_TYPES.contains(configuration.getDataType())) {
      throw refuse(
          "Data type " + configuration.getDataType() + " is not supported",
          "Set dataType FLOAT or DOUBLE.");
    }
    boolean truncated = configuration.getBackpropType() == BackpropType.TruncatedBPTT;
    int layers = configuration.getConfs().size();
    for (int i = 0; i < layers; i++) {
      NeuralNetConfiguration conf = configuration.getConf(i);
      checkSolver(i, conf);
      Layer layer = conf.getLayer();
      checkLayer(i, layer, truncated);
      boolean last = i == layers - 1;
      boolean output = isOutput(layer);
      if (last && !output) {
        throw refuseLayer(
            i,
            layer,
            layer instanceof FrozenLayer
                ? "a frozen output layer lets nothing train"
                : "it is last but has no loss",
            "End the network with an output or loss layer that is not frozen.");
      }
      if (!last && output) {
        throw refuseLayer(
            i, layer, "a layer with a loss must be last", "Use a DenseLayer or ActivationLayer.");
      }
      if (i > 0 && isEmbedding(layer)) {
        throw refuseLayer(
            i,
            layer,
            "it gives no gradient to the layers before it, so that they would not train",
            "Make it the first layer.");
      }
    }
  }

  private static boolean isEmbedding(Layer layer) {
    return layer instanceof EmbeddingLayer
        || layer instanceof EmbeddingSequenceLayer
        || (layer instanceof DescribesItself own && own.readsIndices());
  }

  private static void checkSolver(int index, NeuralNetConfiguration conf) {
    if (conf.getOptimizationAlgo() != null
        && conf.getOptimizationAlgo() != OptimizationAlgorithm.STOCHASTIC_GRADIENT_DESCENT) {
      throw refuseLayer(
          index,
          conf.getLayer(),
          "the optimization algorithm "
              + conf.getOptimizationAlgo()
              + " needs the loss at several points in a step",
          "Use STOCHASTIC_GRADIENT_DESCENT, with any updater.");
    }
    if (conf.getStepFunction() != null
        && !(conf.getStepFunction() instanceof NegativeGradientStepFunction)) {
      throw refuseLayer(
          index,
          conf.getLayer(),
          "it has the step function " + conf.getStepFunction().getClass().getSimpleName(),
          "Leave the step function out.");
    }
    if (!conf.isMiniBatch()) {
      throw refuseLayer(
          index,
          conf.getLayer(),
          "miniBatch(false) keeps gradients from being averaged, which the synchronizer does",
          "Use miniBatch(true), and a learning rate multiplied by the mini-batch size.");
    }
  }

  private static void checkLayer(int index, Layer layer, boolean truncated) {
    if (layer instanceof AbstractSameDiffLayer) {
      throw refuseLayer(
          index,
          layer,
          "layers on SameDiff return twice their gradients in DL4J 1.0.0-M2.1",
          "Use a layer that is not built on SameDiff.");
    }
    if (layer instanceof BasePretrainNetwork) {
      throw refuseLayer(
          index,
          layer,
          "layers with unsupervised pre-training are not supported",
          "Pre-train with DL4J, then take the encoder's weights into a DenseLayer.");
    }
    if (layer instanceof CenterLossOutputLayer) {
      throw refuseLayer(
          index,
          layer,
          "its centres move by class means over the whole mini-batch, which micro-batches do not"
              + " add up to",
          "Use an OutputLayer.");
    }
    if (layer instanceof OCNNOutputLayer) {
      throw refuseLayer(
          index,
          layer,
          "its threshold is a quantile over the whole mini-batch, which micro-batches do not add up"
              + " to",
          "Use an OutputLayer.");
    }
    if (layer instanceof BaseLayer base && base.getActivationFn() instanceof ActivationRReLU) {
      throw refuseLayer(
          index,
          layer,
          "RReLU draws random slopes that cannot be keyed to step and micro-batch",
          "Use LEAKYRELU with the mean slope.");
    }
    if (layer instanceof BaseLayer base
        && (base.getIUpdater() instanceof AdaBelief
            || base.getBiasUpdater() instanceof AdaBelief)) {
      throw refuseLayer(
          index,
          layer,
          "DL4J 1.0.0-M2.1 fails when it sets up AdaBelief",
          "Use Adam or another updater.");
    }
    if (truncated && layer instanceof SimpleRnn) {
      throw refuseLayer(
          index,
          layer,
          "with truncated back-propagation its backward pass in DL4J forgets the carried state",
          "Use an LSTM, or BackpropType.Standard.");
    }
    if (truncated && cannotCarryState(layer)) {
      throw refuseLayer(
          index,
          layer,
          "it cannot carry state from one time segment to the next",
          "Use BackpropType.Standard, or a plain LSTM or GravesLSTM.");
    }
    for (Layer inner : LayerTree.inner(layer)) {
      checkLayer(index, inner, truncated);
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
      int index, Layer layer, String why, String remedy) {
    String name = layer.getLayerName() == null ? "" : " '" + layer.getLayerName() + "'";
    return refuse(
        "Layer " + index + name + " (" + layer.getClass().getSimpleName() + "): " + why, remedy);
  }

  private static StagecoachException refuse(String what, String remedy) {
    return new StagecoachException(ErrorKind.MODEL, what, remedy);
  }
}
