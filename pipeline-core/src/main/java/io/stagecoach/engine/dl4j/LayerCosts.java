package io.stagecoach.engine.dl4j;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DescribesItself;
import io.stagecoach.model.SharesParameters;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
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
    return of(SupportCheck.read(json), microBatch, timeSteps);
  }

  /**
   * The costs of a network whose first layers or preprocessors say the shape of the features.
   *
   * @param microBatch examples in a micro-batch
   * @param timeSteps the length of sequences; 1 where there are none
   * @throws StagecoachException of kind {@code MODEL} where they do not
   */
  public static ModelCosts of(Dl4jModel model, int microBatch, int timeSteps) {
    return of(model, microBatch, FeatureLengths.of(timeSteps));
  }

  /**
   * The costs of a network whose first layers, preprocessors or data say the shape of the features.
   *
   * @param microBatch examples in a micro-batch
   * @param lengths what the data says
   * @throws StagecoachException of kind {@code MODEL} where they do not
   */
  public static ModelCosts of(Dl4jModel model, int microBatch, FeatureLengths lengths) {
    return of(model, InputShapes.of(model, lengths), microBatch);
  }

  /** The costs of a network whose first layer or preprocessor says the shape of the features. */
  public static ModelCosts of(
      MultiLayerConfiguration configuration, int microBatch, int timeSteps) {
    return of(new LayersModel(configuration), microBatch, timeSteps);
  }

  /**
   * The costs of a network.
   *
   * @param features the shape of one example; sequences with their length
   * @param microBatch examples in a micro-batch
   */
  public static ModelCosts of(
      MultiLayerConfiguration configuration, InputType features, int microBatch) {
    return of(new LayersModel(configuration), Map.of(LayersModel.INPUT, features), microBatch);
  }

  /**
   * The shape of an example's features by input, as the first preprocessors or layers tell it.
   *
   * @param lengths what the data says where they do not
   * @throws StagecoachException of kind {@code MODEL} where neither says
   */
  public static Map<String, InputType> features(Dl4jModel model, FeatureLengths lengths) {
    return InputShapes.of(model, lengths);
  }

  private static ModelCosts of(Dl4jModel model, Map<String, InputType> features, int microBatch) {
    List<ModelNode> nodes = model.nodes();
    List<LayerCostsShapes> shapes = LayerCostsShapes.of(model, features);
    int elementBytes = model.dataType().width();
    long bytesOfEach = (long) microBatch * elementBytes;
    Set<String> trained = trained(model);
    Map<String, Long> bytes = new HashMap<>();
    List<LayerCost> costs = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      ModelNode node = nodes.get(i);
      LayerCostsShapes shape = shapes.get(i);
      long rows = microBatch * shape.rowsPerExample();
      bytes.put(node.name(), rows * shape.outputElements() * elementBytes);
      long crossing =
          i == nodes.size() - 1
              ? bytes.get(node.name())
              : StageSlice.crossing(nodes, i + 1).stream().mapToLong(bytes::get).sum();
      long ownInputs = i == 0 ? 0 : inputBytes(node, features, bytesOfEach);
      LayerCost cost =
          cost(
              i,
              node,
              shape,
              rows,
              elementBytes,
              new Held(crossing, ownInputs, model.outputs().contains(node.name())));
      costs.add(trained.contains(node.name()) ? cost : forwardOnly(cost));
    }
    return new ModelCosts(costs, inputBytes(nodes.get(0), features, bytesOfEach), microBatch);
  }

  /**
   * What a node has to do with others.
   *
   * @param crossing the bytes that cross a cut after it
   * @param ownInputs the bytes of the model's inputs that it reads, where it is not first
   * @param output whether it has labels
   */
  private record Held(long crossing, long ownInputs, boolean output) {}

  private static long inputBytes(
      ModelNode node, Map<String, InputType> features, long bytesOfEach) {
    return node.inputs().stream()
        .distinct()
        .filter(features::containsKey)
        .mapToLong(input -> LayerCostsShapes.elements(features.get(input)) * bytesOfEach)
        .sum();
  }

  /** The nodes that a gradient reaches: DL4J's back-propagation ends at frozen ones. */
  private static Set<String> trained(Dl4jModel model) {
    Set<String> reached = new HashSet<>(model.outputs());
    List<ModelNode> nodes = model.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      ModelNode node = nodes.get(i);
      if (isFrozen(node)) {
        reached.remove(node.name());
      } else if (reached.contains(node.name())) {
        reached.addAll(node.inputs());
      }
    }
    return reached;
  }

  private static boolean isFrozen(ModelNode node) {
    return node.content() instanceof ModelNode.Operation operation
        ? operation.vertex() instanceof FrozenVertex
        : node.layer().orElseThrow() instanceof FrozenLayer;
  }

  private static LayerCost cost(
      int index, ModelNode node, LayerCostsShapes shape, long rows, int elementBytes, Held held) {
    if (node.content() instanceof ModelNode.Operation operation) {
      return operation(index, node.name(), operation.vertex(), shape, rows, elementBytes, held);
    }
    NeuralNetConfiguration configuration = ((ModelNode.Layered) node.content()).conf();
    Layer layer = configuration.getLayer();
    long parameters = layer.initializer().numParams(configuration);
    LayerCostsFormulas operations = LayerCostsFormulas.of(layer, shape, parameters);
    String unnamed = node.name().equals(Integer.toString(index)) ? "layer" + index : node.name();
    return new LayerCost(
        index,
        layer.getLayerName() == null ? unnamed : layer.getLayerName(),
        kind(layer),
        parameters,
        (parameters + copiedParameters(layer)) * elementBytes,
        parameters * elementBytes,
        LayerUpdaterState.of(configuration, parameters) * elementBytes,
        held.crossing(),
        rows * stashElements(layer, shape, held.output()) * elementBytes + held.ownInputs(),
        rows * workingElements(layer, shape, parameters) * elementBytes,
        rows * operations.forward(),
        rows * operations.backward() + operations.backwardOnce());
  }

  /** How many of another layer's parameters a stage holds copies of for this layer. */
  private static long copiedParameters(Layer layer) {
    if (layer instanceof SharesParameters sharing) {
      Layer alone = sharing.withOwnCopies();
      return alone.initializer().numParams(alone) - layer.initializer().numParams(layer);
    }
    return 0;
  }

  /** A vertex moves or adds each element once, each way. */
  private static LayerCost operation(
      int index,
      String name,
      GraphVertex vertex,
      LayerCostsShapes shape,
      long rows,
      int elementBytes,
      Held held) {
    long moved = rows * Math.max(shape.inputElements(), shape.outputElements());
    return new LayerCost(
        index,
        name,
        kind(vertex),
        0,
        0,
        held.crossing(),
        rows * shape.outputElements() * elementBytes + held.ownInputs(),
        rows * (shape.inputElements() + shape.outputElements()) * elementBytes,
        moved,
        moved);
  }

  private static String kind(GraphVertex vertex) {
    String name = vertex.getClass().getSimpleName();
    return vertex instanceof FrozenVertex frozen
        ? name + "(" + kind(frozen.getUnderlying()) + ")"
        : name;
  }

  private static LayerCost forwardOnly(LayerCost cost) {
    return new LayerCost(
        cost.index(),
        cost.name(),
        cost.kind(),
        cost.parameters(),
        cost.parameterBytes(),
        cost.ownBytes(),
        cost.updaterBytes(),
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
   * normalised inputs; an output's labels. Everything else DL4J computes again in backward.
   */
  private static long stashElements(Layer layer, LayerCostsShapes shape, boolean output) {
    if (layer instanceof DescribesItself own) {
      // What an output gives is not made in training; its labels are indices.
      return own.work(shape.input()).keptElements() + (output ? 0 : shape.outputElements());
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
    if (output) {
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
