package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.model.DescribesItself;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.exception.DL4JException;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
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

  /** The shapes of all layers, by DL4J's own inference, which forgets time steps on its way. */
  static List<LayerCostsShapes> of(MultiLayerConfiguration configuration, InputType features) {
    List<LayerCostsShapes> shapes = new ArrayList<>();
    InputType type = features;
    long rows = 1;
    for (int i = 0; i < configuration.getConfs().size(); i++) {
      InputPreProcessor preprocessor = configuration.getInputPreProcess(i);
      if (preprocessor != null) {
        InputType folded = folded(i, preprocessor, type);
        if (isSequence(type) && !isSequence(folded)) {
          rows = positions(type);
        } else if (!isSequence(type) && isSequence(folded)) {
          folded = withSteps(folded, rows);
          rows = 1;
        }
        type = folded;
      }
      Layer layer = configuration.getConf(i).getLayer();
      InputType output = output(i, layer, type);
      if (elements(output) <= 0) {
        throw mismatch(i, layer, type, null);
      }
      shapes.add(new LayerCostsShapes(type, output, rows, preprocessor != null));
      type = output;
    }
    return shapes;
  }

  /**
   * The shape of an example's features, as the first preprocessor or layer tells it.
   *
   * @throws StagecoachException of kind {@code MODEL} where it does not
   */
  static InputType features(MultiLayerConfiguration configuration, int timeSteps) {
    InputPreProcessor first = configuration.getInputPreProcess(0);
    if (first instanceof FeedForwardToCnnPreProcessor cnn) {
      return InputType.feedForward(
          cnn.getInputHeight() * cnn.getInputWidth() * cnn.getNumChannels());
    }
    if (first instanceof FeedForwardToCnn3DPreProcessor cnn) {
      return InputType.feedForward(
          (long) cnn.getInputDepth()
              * cnn.getInputHeight()
              * cnn.getInputWidth()
              * cnn.getNumChannels());
    }
    if (first instanceof RnnToCnnPreProcessor cnn) {
      return InputType.recurrent(
          (long) cnn.getInputHeight() * cnn.getInputWidth() * cnn.getNumChannels(), timeSteps);
    }
    if (first instanceof CnnToFeedForwardPreProcessor cnn) {
      return InputType.convolutional(
          cnn.getInputHeight(), cnn.getInputWidth(), cnn.getNumChannels());
    }
    if (first instanceof Cnn3DToFeedForwardPreProcessor cnn) {
      return InputType.convolutional3D(
          cnn.isNCDHW() ? Convolution3D.DataFormat.NCDHW : Convolution3D.DataFormat.NDHWC,
          cnn.getInputDepth(),
          cnn.getInputHeight(),
          cnn.getInputWidth(),
          cnn.getNumChannels());
    }
    Layer layer = configuration.getConf(0).getLayer();
    InputType type =
        first instanceof RnnToFeedForwardPreProcessor
            ? InputType.recurrent(width(layer), timeSteps)
            : read(layer, timeSteps);
    if (type == null) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "the configuration does not say what shape the features have that its first layer ("
              + layer.getClass().getSimpleName()
              + ") reads",
          "Set the input type when you build the configuration, for images in their flat form:"
              + " setInputType(InputType.convolutionalFlat(height, width, channels)).");
    }
    return type;
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
    boolean lengthLost =
        output instanceof InputType.InputTypeRecurrent sequence
            && sequence.getTimeSeriesLength() <= 0;
    return lengthLost ? withSteps(output, inputSteps(input)) : output;
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
      return width(layer) > 0 ? InputType.recurrent(width(layer), timeSteps) : null;
    }
    if (layer instanceof ConvolutionLayer) {
      return null;
    }
    return width(layer) > 0 ? InputType.feedForward(width(layer)) : null;
  }

  /** How many numbers a layer reads at a position; negative where it does not tell. */
  private static long width(Layer layer) {
    return layer instanceof FeedForwardLayer wide ? wide.getNIn() : -1;
  }
}
