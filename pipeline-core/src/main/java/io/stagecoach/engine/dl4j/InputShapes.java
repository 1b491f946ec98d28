package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DescribesItself;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.conf.preprocessor.Cnn3DToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnn3DPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.RnnToCnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.RnnToFeedForwardPreProcessor;

/**
 * What goes into a network. DL4J's configurations do not keep it; what reads an input mostly tells.
 */
final class InputShapes {

  private InputShapes() {}

  /**
   * The shape of an example's features, for each input of the model.
   *
   * @param lengths what the data says where the model does not
   * @throws StagecoachException of kind {@code MODEL} where nothing tells
   */
  static Map<String, InputType> of(Dl4jModel model, FeatureLengths lengths) {
    int timeSteps = lengths.timeSteps();
    Map<String, InputType> known = new LinkedHashMap<>();
    for (String input : model.inputs()) {
      readers(model, input).stream()
          .flatMap(node -> told(node, timeSteps).stream())
          .findFirst()
          .ifPresent(type -> known.put(input, type));
    }
    for (String input : model.inputs()) {
      if (!known.containsKey(input)) {
        new ImageSizes(model, input, known)
            .find(lengths)
            .ifPresent(images -> known.put(input, images));
      }
    }
    if (known.keySet().containsAll(model.inputs())) {
      // Shapes further inside need lengths, which may not be known yet.
      return known;
    }
    Map<String, InputType> inside = LayerCostsShapes.outputs(model, known);
    Map<String, InputType> all = new LinkedHashMap<>();
    for (String input : model.inputs()) {
      all.put(
          input,
          Optional.ofNullable(known.get(input))
              .or(
                  () ->
                      readers(model, input).stream()
                          .flatMap(node -> besides(model, node, input, inside).stream())
                          .findFirst())
              .orElseThrow(() -> untold(model, input)));
    }
    return all;
  }

  private static List<ModelNode> readers(Dl4jModel model, String name) {
    return model.nodes().stream().filter(node -> node.inputs().contains(name)).toList();
  }

  private static StagecoachException untold(Dl4jModel model, String input) {
    List<ModelNode> readers = readers(model, input);
    String reader = readers.isEmpty() ? "nothing" : kind(readers.get(0));
    return new StagecoachException(
        ErrorKind.MODEL,
        "the configuration does not say what shape the features have that "
            + (model.inputs().size() == 1
                ? "its first layer (" + reader + ") reads"
                : reader + " reads from the input " + input),
        "Set the input type when you build the configuration, for images in their flat form:"
            + " setInputType(InputType.convolutionalFlat(height, width, channels)); in a graph, let"
            + " a layer read the input first.");
  }

  private static String kind(ModelNode node) {
    return node.content() instanceof ModelNode.Operation operation
        ? operation.vertex().getClass().getSimpleName()
        : node.layer().orElseThrow().getClass().getSimpleName();
  }

  /** What a vertex reads beside tensors that are known already. */
  private static Optional<InputType> besides(
      Dl4jModel model, ModelNode node, String input, Map<String, InputType> known) {
    if (!(node.content() instanceof ModelNode.Operation operation)) {
      return Optional.empty();
    }
    List<InputType> others =
        node.inputs().stream().filter(name -> !name.equals(input)).map(known::get).toList();
    if (others.isEmpty() || others.contains(null) || node.inputs().size() - others.size() != 1) {
      return Optional.empty();
    }
    GraphVertex vertex = operation.vertex();
    if (vertex instanceof ElementWiseVertex) {
      return Optional.of(others.get(0));
    }
    return vertex instanceof MergeVertex ? merged(model, node, others) : Optional.empty();
  }

  /** The part of a layer's width that the other tensors merged into it leave. */
  private static Optional<InputType> merged(
      Dl4jModel model, ModelNode merge, List<InputType> others) {
    long taken = others.stream().mapToLong(InputShapes::width).sum();
    return readers(model, merge.name()).stream()
        .flatMap(reader -> reader.layer().stream())
        .mapToLong(InputShapes::width)
        .filter(width -> width > taken)
        .mapToObj(width -> sized(others.get(0), width - taken))
        .findFirst();
  }

  private static long width(InputType type) {
    return type instanceof InputType.InputTypeRecurrent sequence
        ? sequence.getSize()
        : LayerCostsShapes.elements(type);
  }

  private static InputType sized(InputType like, long size) {
    return like instanceof InputType.InputTypeRecurrent sequence
        ? InputType.recurrent(size, sequence.getTimeSeriesLength(), sequence.getFormat())
        : InputType.feedForward(size);
  }

  /** What a layer with its preprocessor reads; none where they do not tell. */
  private static Optional<InputType> told(ModelNode node, int timeSteps) {
    if (!(node.content() instanceof ModelNode.Layered layered)) {
      return Optional.empty();
    }
    InputPreProcessor first = layered.preProcessor().orElse(null);
    if (first instanceof FeedForwardToCnnPreProcessor cnn) {
      return Optional.of(
          InputType.feedForward(cnn.getInputHeight() * cnn.getInputWidth() * cnn.getNumChannels()));
    }
    if (first instanceof FeedForwardToCnn3DPreProcessor cnn) {
      return Optional.of(
          InputType.feedForward(
              (long) cnn.getInputDepth()
                  * cnn.getInputHeight()
                  * cnn.getInputWidth()
                  * cnn.getNumChannels()));
    }
    if (first instanceof RnnToCnnPreProcessor cnn) {
      return Optional.of(
          InputType.recurrent(
              (long) cnn.getInputHeight() * cnn.getInputWidth() * cnn.getNumChannels(), timeSteps));
    }
    if (first instanceof CnnToFeedForwardPreProcessor cnn) {
      return Optional.of(
          InputType.convolutional(
              cnn.getInputHeight(), cnn.getInputWidth(), cnn.getNumChannels(), cnn.getFormat()));
    }
    if (first instanceof Cnn3DToFeedForwardPreProcessor cnn) {
      return Optional.of(
          InputType.convolutional3D(
              cnn.isNCDHW() ? Convolution3D.DataFormat.NCDHW : Convolution3D.DataFormat.NDHWC,
              cnn.getInputDepth(),
              cnn.getInputHeight(),
              cnn.getInputWidth(),
              cnn.getNumChannels()));
    }
    Layer layer = layered.conf().getLayer();
    return Optional.ofNullable(
        first instanceof RnnToFeedForwardPreProcessor folding
            ? InputType.recurrent(width(layer), timeSteps, format(folding.getRnnDataFormat()))
            : read(layer, timeSteps));
  }

  /** What a first layer without a preprocessor reads; null where it does not tell. */
  private static InputType read(Layer layer, int timeSteps) {
    if (layer instanceof FrozenLayer frozen) {
      return read(frozen.getLayer(), timeSteps);
    }
    if (layer instanceof Bidirectional both) {
      return read(both.getFwd(), timeSteps);
    }
    if (layer instanceof LastTimeStep last) {
      return read(last.getUnderlying(), timeSteps);
    }
    if (layer instanceof EmbeddingSequenceLayer embedding) {
      return InputType.recurrent(
          1, embedding.isInferInputLength() ? timeSteps : embedding.getInputLength());
    }
    if (layer instanceof DescribesItself own) {
      return InputType.recurrent(own.readsIndices() ? 1 : width(layer), timeSteps, RNNFormat.NWC);
    }
    if (layer instanceof EmbeddingLayer) {
      return InputType.feedForward(1);
    }
    if (layer instanceof BaseWrapperLayer wrapper) {
      return read(wrapper.getUnderlying(), timeSteps);
    }
    if (layer instanceof BaseRecurrentLayer
        || layer instanceof Convolution1DLayer
        || layer instanceof RnnOutputLayer
        || layer instanceof RnnLossLayer) {
      return width(layer) > 0
          ? InputType.recurrent(width(layer), timeSteps, formatOf(layer))
          : null;
    }
    if (layer instanceof ConvolutionLayer) {
      return null;
    }
    return width(layer) > 0 ? InputType.feedForward(width(layer)) : null;
  }

  private static RNNFormat formatOf(Layer layer) {
    if (layer instanceof BaseRecurrentLayer recurrent) {
      return format(recurrent.getRnnDataFormat());
    }
    if (layer instanceof Convolution1DLayer convolution) {
      return format(convolution.getRnnDataFormat());
    }
    return format(
        layer instanceof RnnOutputLayer output ? output.getRnnDataFormat() : RNNFormat.NCW);
  }

  /** DL4J's default where a configuration does not say it. */
  private static RNNFormat format(RNNFormat said) {
    return said == null ? RNNFormat.NCW : said;
  }

  /** How many numbers a layer reads at a position; negative where it does not tell. */
  private static long width(Layer layer) {
    return layer instanceof FeedForwardLayer wide ? wide.getNIn() : -1;
  }
}
