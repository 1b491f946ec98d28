package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.model.DescribesItself;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;

/**
 * What the layers of a DL4J network cost, from its configuration alone: nothing is initialised and
 * nothing runs. Parameter counts are DL4J's own, shapes are DL4J's type inference, operations are
 * counted by {@link LayerCostsFormulas}. Masks are left out: they are small beside what they mask.
 */
public final class LayerCosts {

  private LayerCosts() {}

  /**
   * The costs of a network given as JSON.
   *
   * @param microBatch examples in a micro-batch
   * @param timeSteps the length of sequences; 1 where there are none
   * @throws StagecoachException of kind {@code MODEL} where the text is no network, or does not say
   *     the shape of its features
   */
  public static ModelCosts of(String json, int microBatch, int timeSteps) {
    MultiLayerConfiguration configuration;
    try {
      configuration = MultiLayerConfiguration.fromJson(json);
    } catch (RuntimeException malformed) {
      throw noNetwork(malformed);
    }
    if (configuration.getConfs().isEmpty()) {
      throw noNetwork(null);
    }
    return of(configuration, microBatch, timeSteps);
  }

  /**
   * The shape of an example's features, as the first preprocessor or layer tells it.
   *
   * @param timeSteps the length of sequences
   * @throws StagecoachException of kind {@code MODEL} where the network does not say
   */
  public static InputType features(MultiLayerConfiguration configuration, int timeSteps) {
    return LayerCostsShapes.features(configuration, timeSteps);
  }

  /** The costs of a network whose first layer or preprocessor says the shape of the features. */
  public static ModelCosts of(
      MultiLayerConfiguration configuration, int microBatch, int timeSteps) {
    return of(configuration, LayerCostsShapes.features(configuration, timeSteps), microBatch);
  }

  /**
   * The costs of a network.
   *
   * @param features the shape of one example; sequences with their length
   * @param microBatch examples in a micro-batch
   */
  public static ModelCosts of(
      MultiLayerConfiguration configuration, InputType features, int microBatch) {
    List<LayerCostsShapes> shapes = LayerCostsShapes.of(configuration, features);
    int elementBytes = configuration.getConf(0).getDataType().width();
    List<LayerCost> costs = new ArrayList<>();
    for (int i = 0; i < shapes.size(); i++) {
      boolean last = i == shapes.size() - 1;
      costs.add(cost(i, configuration.getConf(i), shapes.get(i), microBatch, elementBytes, last));
      if (configuration.getConf(i).getLayer() instanceof FrozenLayer) {
        // DL4J's back-propagation ends here: no gradient reaches the layers before.
        costs.replaceAll(LayerCosts::forwardOnly);
      }
    }
    long inputElements = LayerCostsShapes.elements(features);
    return new ModelCosts(costs, microBatch * inputElements * elementBytes, microBatch);
  }

  private static StagecoachException noNetwork(Throwable cause) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "this is not the JSON of a DL4J MultiLayerConfiguration",
        Where.nowhere(),
        "Write it with MultiLayerConfiguration.toJson().",
        cause);
  }

  private static LayerCost cost(
      int index,
      NeuralNetConfiguration configuration,
      LayerCostsShapes shape,
      int microBatch,
      int elementBytes,
      boolean last) {
    Layer layer = configuration.getLayer();
    long parameters = layer.initializer().numParams(configuration);
    long rows = microBatch * shape.rowsPerExample();
    LayerCostsFormulas operations = LayerCostsFormulas.of(layer, shape, parameters);
    return new LayerCost(
        index,
        layer.getLayerName() == null ? "layer" + index : layer.getLayerName(),
        kind(layer),
        parameters,
        parameters * elementBytes,
        rows * shape.outputElements() * elementBytes,
        rows * stashElements(layer, shape, last) * elementBytes,
        rows * workingElements(layer, shape, parameters) * elementBytes,
        rows * operations.forward(),
        rows * operations.backward() + operations.backwardOnce());
  }

  private static LayerCost forwardOnly(LayerCost cost) {
    return new LayerCost(
        cost.index(),
        cost.name(),
        cost.kind(),
        cost.parameters(),
        cost.parameterBytes(),
        cost.outputBytes(),
        cost.stashBytes(),
        cost.workingBytes(),
        cost.forwardOperations(),
        0);
  }

  /** The class, with what it wraps. */
  private static String kind(Layer layer) {
    String name = layer.getClass().getSimpleName();
    if (layer instanceof FrozenLayer frozen) {
      return name + "(" + kind(frozen.getLayer()) + ")";
    }
    if (layer instanceof BaseWrapperLayer wrapper) {
      return name + "(" + kind(wrapper.getUnderlying()) + ")";
    }
    if (layer instanceof Bidirectional both) {
      return name + "(" + kind(both.getFwd()) + ")";
    }
    return name;
  }

  /**
   * What stays from forward to backward, for a row: the output; a copy of the input where a
   * preprocessor makes one; with dropout the thinned input and the mask; batch norm's centred and
   * normalised inputs; the last layer's labels. Everything else DL4J computes again in backward.
   */
  private static long stashElements(Layer layer, LayerCostsShapes shape, boolean last) {
    if (layer instanceof DescribesItself own) {
      // The last layer's output is not made in training; its labels are indices.
      return own.work(shape.input()).keptElements() + (last ? 0 : shape.outputElements());
    }
    long elements = shape.outputElements();
    if (shape.preprocessed()) {
      elements += shape.inputElements();
    }
    if (LayerCostsFormulas.dropsOut(layer)) {
      elements += 2 * shape.inputElements();
    }
    if (layer instanceof BatchNormalization) {
      elements += 2 * shape.inputElements();
    }
    if (last) {
      elements += shape.outputElements();
    }
    return elements;
  }

  /**
   * What a backward pass holds while it runs, for a row: the gradients of output and input, the
   * output before the activation, and by kind of layer: the gates and cells of all time steps
   * (LSTM, ten vectors of its width each), the unrolled patches (convolution).
   */
  private static long workingElements(Layer layer, LayerCostsShapes shape, long parameters) {
    long common = shape.inputElements() + 2 * shape.outputElements();
    return common + ownWorkingElements(layer, shape, parameters);
  }

  @SuppressWarnings("deprecation") // networks that were saved long ago have Graves' layers
  private static long ownWorkingElements(Layer layer, LayerCostsShapes shape, long parameters) {
    if (layer instanceof DescribesItself own) {
      return own.work(shape.input()).workingElements();
    }
    if (layer instanceof FrozenLayer frozen) {
      return ownWorkingElements(frozen.getLayer(), shape, parameters);
    }
    if (layer instanceof BaseWrapperLayer wrapper) {
      return ownWorkingElements(wrapper.getUnderlying(), shape, parameters);
    }
    if (layer instanceof Bidirectional both) {
      return 2 * ownWorkingElements(both.getFwd(), shape, parameters / 2);
    }
    if (layer instanceof AbstractLSTM lstm) {
      return 10 * lstm.getNOut() * shape.inputPositions();
    }
    if (layer instanceof GravesBidirectionalLSTM lstm) {
      return 20 * lstm.getNOut() * shape.inputPositions();
    }
    if (layer instanceof ConvolutionLayer convolution) {
      long patch = parameters / Math.max(1, convolution.getNOut());
      return patch * shape.outputPositions();
    }
    return 0;
  }
}
