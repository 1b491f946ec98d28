package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;

/**
 * Height and width of images that come as such to a convolution. A configuration built with {@code
 * InputType.convolutional} keeps the channels only; what it keeps where the images become vectors
 * leaves, with the numbers of an example, mostly one size.
 */
final class ImageSizes {

  private static final List<Class<? extends Layer>> KEEP_CHANNELS =
      List.of(
          ActivationLayer.class,
          Cropping2D.class,
          DropoutLayer.class,
          SubsamplingLayer.class,
          Upsampling2D.class,
          ZeroPaddingLayer.class);

  private final Dl4jModel model;
  private final String input;
  private final Map<String, InputType> known;

  /**
   * @param input one of the model's inputs
   * @param known the shapes of other inputs
   */
  ImageSizes(Dl4jModel model, String input, Map<String, InputType> known) {
    this.model = model;
    this.input = input;
    this.known = known;
  }

  /** What the first convolution says. */
  private record Channels(long count, CNN2DFormat format) {

    InputType images(long height, long width) {
      return InputType.convolutional(height, width, count, format);
    }
  }

  /**
   * The shape of the images.
   *
   * @return empty where the input is no image, or nothing says how many numbers it has
   * @throws StagecoachException of kind MODEL where no size or several sizes are possible, or the
   *     one that is told is not
   */
  Optional<InputType> find(FeatureLengths lengths) {
    Channels channels = channels(input).orElse(null);
    if (channels == null) {
      return Optional.empty();
    }
    List<Integer> told = lengths.imageSize(input);
    if (!told.isEmpty()) {
      InputType images = channels.images(told.get(0), told.get(1));
      if (!fits(images)) {
        throw new StagecoachException(
            ErrorKind.MODEL,
            "the network cannot read images of "
                + told.get(0)
                + " × "
                + told.get(1)
                + " with "
                + channels.count()
                + " channels, from the input "
                + input,
            "Give images of the size that the network was built for, or correct data.imageSize"
                + " (height, then width).");
      }
      return Optional.of(images);
    }
    OptionalLong numbers = lengths.numbers(input);
    if (numbers.isEmpty()) {
      return Optional.empty();
    }
    List<InputType.InputTypeConvolutional> possible = possible(channels, numbers.getAsLong());
    if (possible.size() != 1) {
      throw undecided(channels, numbers.getAsLong(), possible);
    }
    return Optional.of(possible.get(0));
  }

  private Optional<Channels> channels(String tensor) {
    return model.nodes().stream()
        .filter(node -> node.inputs().contains(tensor))
        .filter(node -> node.content() instanceof ModelNode.Layered)
        .findFirst()
        .flatMap(node -> channels(node, unwrapped(node.layer().orElseThrow())));
  }

  private static Layer unwrapped(Layer layer) {
    return layer instanceof FrozenLayer frozen ? frozen.getLayer() : layer;
  }

  private Optional<Channels> channels(ModelNode node, Layer layer) {
    if (layer instanceof ConvolutionLayer convolution) {
      boolean plane = !(layer instanceof Convolution1DLayer) && !(layer instanceof Convolution3D);
      return Optional.of(new Channels(convolution.getNIn(), convolution.getCnn2dDataFormat()))
          .filter(channels -> plane && channels.count() > 0);
    }
    if (layer instanceof BatchNormalization || isKeeping(layer)) {
      return channels(node.name());
    }
    return Optional.empty();
  }

  private static boolean isKeeping(Layer layer) {
    return KEEP_CHANNELS.stream().anyMatch(type -> type.isInstance(layer));
  }

  private List<InputType.InputTypeConvolutional> possible(Channels channels, long numbers) {
    List<InputType.InputTypeConvolutional> possible = new ArrayList<>();
    long pixels = numbers % channels.count() == 0 ? numbers / channels.count() : 0;
    for (long height = 1; height <= pixels; height++) {
      if (pixels % height == 0 && fits(channels.images(height, pixels / height))) {
        possible.add((InputType.InputTypeConvolutional) channels.images(height, pixels / height));
      }
    }
    return possible;
  }

  /** Whether images of this size become vectors where the network says their size. */
  private boolean fits(InputType images) {
    Map<String, InputType> inputs = new HashMap<>(known);
    inputs.put(input, images);
    Map<String, InputType> types;
    try {
      types = LayerCostsShapes.outputs(model, inputs);
    } catch (StagecoachException tooSmall) {
      return false;
    }
    return model.nodes().stream()
        .allMatch(
            node ->
                !(node.content() instanceof ModelNode.Layered layered)
                    || !(layered.preProcessor().orElse(null)
                        instanceof CnnToFeedForwardPreProcessor flattening)
                    || isRead(flattening, types.get(node.inputs().get(0))));
  }

  private static boolean isRead(CnnToFeedForwardPreProcessor flattening, InputType type) {
    return !(type instanceof InputType.InputTypeConvolutional images)
        || (images.getHeight() == flattening.getInputHeight()
            && images.getWidth() == flattening.getInputWidth());
  }

  private StagecoachException undecided(
      Channels channels, long numbers, List<InputType.InputTypeConvolutional> possible) {
    String of = numbers + " numbers as images with " + channels.count() + " channels";
    String sizes =
        possible.stream()
            .map(size -> size.getHeight() + " × " + size.getWidth())
            .collect(Collectors.joining(", "));
    return new StagecoachException(
        ErrorKind.MODEL,
        possible.isEmpty()
            ? "the network cannot read " + of + " of any size, from the input " + input
            : "the network can read " + of + " of " + sizes + ", and does not say which",
        possible.isEmpty()
            ? "Give examples of the size that the network was built for."
            : "Set data.imageSize to height and width, or build the network with"
                + " InputType.convolutionalFlat(height, width, channels).");
  }
}
