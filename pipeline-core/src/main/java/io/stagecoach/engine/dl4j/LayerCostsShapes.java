package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.exception.DL4JException;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;

/**
 * What goes into a layer and what comes out of it.
 *
 * @param input the shape of a row as the layer reads it, after its preprocessor
 * @param output the shape of a row of its output
 * @param rowsPerExample how many rows an example is: its time steps, where a preprocessor has
 *     folded them into the first dimension, else 1
 * @param preprocessed whether a preprocessor stands before the layer
 */
record LayerCostsShapes(
    InputType input, InputType output, long rowsPerExample, boolean preprocessed) {

  /**
   * The shapes of all nodes, by DL4J's own inference, which forgets time steps on its way.
   *
   * @param features the shape of each input of the model
   */
  static List<LayerCostsShapes> of(Dl4jModel model, Map<String, InputType> features) {
    Map<String, Flow> known = new HashMap<>();
    features.forEach((input, type) -> known.put(input, new Flow(type, 1)));
    List<LayerCostsShapes> shapes = new ArrayList<>();
    List<ModelNode> nodes = model.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      LayerCostsShapes shape = of(i, nodes.get(i), known);
      shapes.add(shape);
      known.put(nodes.get(i).name(), new Flow(shape.output, shape.rowsPerExample));
    }
    return shapes;
  }

  /**
   * The shapes of what nodes give, as far as the shapes of the model's inputs are known.
   *
   * @param features the shape of some inputs
   */
  static Map<String, InputType> outputs(Dl4jModel model, Map<String, InputType> features) {
    Map<String, Flow> known = new HashMap<>();
    features.forEach((input, type) -> known.put(input, new Flow(type, 1)));
    Map<String, InputType> types = new HashMap<>(features);
    List<ModelNode> nodes = model.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      ModelNode node = nodes.get(i);
      if (known.keySet().containsAll(node.inputs())
          && known.keySet().containsAll(model.alsoReads(node))) {
        LayerCostsShapes shape = of(i, node, known);
        known.put(node.name(), new Flow(shape.output, shape.rowsPerExample));
        types.put(node.name(), shape.output);
      }
    }
    return types;
  }

  /** What is known of a tensor: the shape of a row, and how many rows an example has. */
  private record Flow(InputType type, long rows) {}

  private static LayerCostsShapes of(int index, ModelNode node, Map<String, Flow> known) {
    List<Flow> flows = node.inputs().stream().map(known::get).toList();
    if (node.content() instanceof ModelNode.Layered layered) {
      return of(index, node, layered, flows.get(0));
    }
    GraphVertex vertex = ((ModelNode.Operation) node.content()).vertex();
    InputType[] types = flows.stream().map(Flow::type).toArray(InputType[]::new);
    InputType output = operated(index, vertex, types);
    long steps =
        vertex instanceof DuplicateToTimeSeriesVertex duplicate
            ? positions(known.get(duplicate.getInputName()).type())
            : positions(types[0]);
    if (lengthLost(output) || vertex instanceof DuplicateToTimeSeriesVertex) {
      output = withSteps(output, steps);
    }
    long elements = Arrays.stream(types).mapToLong(LayerCostsShapes::elements).sum();
    return new LayerCostsShapes(
        InputType.feedForward(elements), output, flows.get(0).rows(), false);
  }

  private static InputType operated(int index, GraphVertex vertex, InputType[] inputs) {
    try {
      return vertex.getOutputType(index, inputs);
    } catch (IllegalStateException | IllegalArgumentException | DL4JException notSuchInputs) {
      throw mismatch(index, vertex, inputs[0], notSuchInputs);
    }
  }

  private static LayerCostsShapes of(
      int index, ModelNode node, ModelNode.Layered layered, Flow flow) {
    InputType type = flow.type();
    long rows = flow.rows();
    InputPreProcessor preprocessor = layered.preProcessor().orElse(null);
    if (preprocessor != null) {
      InputType folded = folded(index, preprocessor, type);
      if (isSequence(type) && !isSequence(folded)) {
        rows = positions(type);
      } else if (!isSequence(type) && isSequence(folded)) {
        folded = withSteps(folded, rows);
        rows = 1;
      }
      type = folded;
    }
    Layer layer = node.layer().orElseThrow();
    InputType output = output(index, layer, type);
    if (elements(output) <= 0) {
      throw mismatch(index, layer, type, null);
    }
    return new LayerCostsShapes(type, output, rows, preprocessor != null);
  }

  /** Numbers in a row of the input. */
  long inputElements() {
    return elements(input);
  }

  /** Numbers in a row of the output. */
  long outputElements() {
    return elements(output);
  }

  /** Time steps, pixels or voxels in a row of the input; 1 where it has none. */
  long inputPositions() {
    return positions(input);
  }

  /** Time steps, pixels or voxels in a row of the output; 1 where it has none. */
  long outputPositions() {
    return positions(output);
  }

  /** The same layer seen as one that gives this output. */
  LayerCostsShapes giving(InputType other) {
    return new LayerCostsShapes(input, other, rowsPerExample, preprocessed);
  }

  static long elements(InputType type) {
    return type.arrayElementsPerExample();
  }

  private static long positions(InputType type) {
    if (type instanceof InputType.InputTypeRecurrent sequence) {
      return sequence.getTimeSeriesLength();
    }
    if (type instanceof InputType.InputTypeConvolutional image) {
      return image.getHeight() * image.getWidth();
    }
    if (type instanceof InputType.InputTypeConvolutional3D volume) {
      return volume.getDepth() * volume.getHeight() * volume.getWidth();
    }
    return 1;
  }

  private static boolean isSequence(InputType type) {
    return type.getType() == InputType.Type.RNN;
  }

  private static InputType withSteps(InputType type, long steps) {
    InputType.InputTypeRecurrent sequence = (InputType.InputTypeRecurrent) type;
    return InputType.recurrent(sequence.getSize(), steps, sequence.getFormat());
  }

  private static InputType output(int index, Layer layer, InputType input) {
    if (layer instanceof EmbeddingSequenceLayer embedding) {
      // DL4J's inference says one time step where the length comes with the data.
      long steps = embedding.isInferInputLength() ? inputSteps(input) : embedding.getInputLength();
      return InputType.recurrent(embedding.getNOut(), steps, embedding.getOutputFormat());
    }
    if (layer instanceof LossLayer) {
      // It has no width of its own, and DL4J's inference says 0.
      return input;
    }
    InputType output;
    try {
      output = layer.getOutputType(index, input);
    } catch (IllegalStateException | DL4JException notSuchAnInput) {
      // Built without an input type, and so without the preprocessor that inference asks for.
      if (!(layer instanceof FeedForwardLayer wide) || layer instanceof ConvolutionLayer) {
        throw mismatch(index, layer, input, notSuchAnInput);
      }
      return isSequence(input)
          ? InputType.recurrent(wide.getNOut(), positions(input))
          : InputType.feedForward(wide.getNOut());
    }
    return lengthLost(output) ? withSteps(output, inputSteps(input)) : output;
  }

  private static boolean lengthLost(InputType type) {
    return type instanceof InputType.InputTypeRecurrent sequence
        && sequence.getTimeSeriesLength() <= 0;
  }

  private static InputType folded(int index, InputPreProcessor preprocessor, InputType input) {
    try {
      return preprocessor.getOutputType(input);
    } catch (IllegalStateException | DL4JException notSuchAnInput) {
      throw mismatch(index, preprocessor, input, notSuchAnInput);
    }
  }

  private static StagecoachException mismatch(
      int index, Object reader, InputType input, RuntimeException cause) {
    return new StagecoachException(
        ErrorKind.MODEL,
        reader.getClass().getSimpleName()
            + " of layer "
            + index
            + " cannot read "
            + input
            + ", which the layer before it gives",
        Where.nowhere(),
        "Set the input type when you build the configuration, and let DL4J choose the"
            + " preprocessors.",
        cause);
  }

  /** The length of a sequence of indices, which may come as a plain row of them. */
  private static long inputSteps(InputType input) {
    return isSequence(input) ? positions(input) : elements(input);
  }
}
