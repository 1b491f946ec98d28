package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.ClassProbabilities;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.FeatureLengths;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.ModelNode;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DescribesItself;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.data.ModelShape.FurtherOutput;
import io.stagecoach.spark.data.ModelShape.Input;
import io.stagecoach.spark.data.ModelShape.Output;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;

/** What the data must know of a DL4J network. */
final class ModelShapes {

  private ModelShapes() {}

  /**
   * @param lengths what the data says of its features, beside the length of sequences
   */
  static ModelShape of(Dl4jModel model, FeatureLengths lengths) {
    Map<String, InputType> inputs =
        LayerCosts.features(model, lengths.withTimeSteps(ModelShape.ANY));
    String first = model.inputs().get(0);
    // Its labels are the ones that are counted.
    ModelNode last = model.nodes().get(model.nodes().size() - 1);
    FurtherOutput counted = output(model, last);
    List<Input> furtherInputs =
        model.inputs().stream()
            .filter(input -> !input.equals(first))
            .map(
                input ->
                    new Input(
                        input,
                        input(inputs.get(input)),
                        readsIndices(model, input),
                        areChannelsLast(inputs.get(input))))
            .toList();
    List<FurtherOutput> furtherOutputs =
        model.nodes().stream()
            .filter(node -> model.outputs().contains(node.name()) && !node.equals(last))
            .map(node -> output(model, node))
            .toList();
    return new ModelShape(
        input(inputs.get(first)),
        counted.outputs(),
        counted.output(),
        counted.perTimeStep(),
        model.dataType(),
        furtherInputs.isEmpty() ? Optional.empty() : Optional.of(first),
        furtherOutputs.isEmpty() ? Optional.empty() : Optional.of(last.name()),
        readsIndices(model, first),
        areChannelsLast(inputs.get(first)),
        furtherInputs,
        furtherOutputs);
  }

  private static boolean readsIndices(Dl4jModel model, String input) {
    return model.nodes().stream()
        .filter(node -> node.inputs().contains(input))
        .flatMap(node -> node.layer().stream())
        .anyMatch(
            layer ->
                layer instanceof EmbeddingLayer
                    || layer instanceof EmbeddingSequenceLayer
                    || (layer instanceof DescribesItself own && own.readsIndices()));
  }

  private static FurtherOutput output(Dl4jModel model, ModelNode node) {
    Layer layer = node.layer().orElseThrow();
    return new FurtherOutput(
        node.name(),
        outputs(model, node),
        ClassProbabilities.areDistribution(layer) ? Output.CLASSES : Output.VALUES,
        layer instanceof RnnOutputLayer || layer instanceof RnnLossLayer);
  }

  private static boolean areChannelsLast(InputType type) {
    return type instanceof InputType.InputTypeConvolutional images
        && images.getFormat() == CNN2DFormat.NHWC;
  }

  private static List<Integer> input(InputType type) {
    if (type instanceof InputType.InputTypeRecurrent recurrent) {
      int size = (int) recurrent.getSize();
      int time = (int) recurrent.getTimeSeriesLength();
      // Indices are one row of them, in either format.
      return recurrent.getFormat() == RNNFormat.NWC && size > 1
          ? List.of(time, size)
          : List.of(size, time);
    }
    if (type instanceof InputType.InputTypeConvolutional images) {
      if (areChannelsLast(images)) {
        return List.of(
            (int) images.getHeight(), (int) images.getWidth(), (int) images.getChannels());
      }
      return List.of((int) images.getChannels(), (int) images.getHeight(), (int) images.getWidth());
    }
    if (type instanceof InputType.InputTypeConvolutional3D volumes) {
      return List.of(
          (int) volumes.getChannels(),
          (int) volumes.getDepth(),
          (int) volumes.getHeight(),
          (int) volumes.getWidth());
    }
    return List.of((int) type.arrayElementsPerExample());
  }

  /** The width of the last layer that says one: layers without parameters keep what they get. */
  private static int outputs(Dl4jModel model, ModelNode output) {
    Map<String, ModelNode> byName =
        model.nodes().stream().collect(Collectors.toMap(ModelNode::name, Function.identity()));
    for (ModelNode node = output; node != null; node = byName.get(node.inputs().get(0))) {
      if (node.layer().orElse(null) instanceof FeedForwardLayer layer && layer.getNOut() > 0) {
        return (int) layer.getNOut();
      }
    }
    throw new StagecoachException(
        ErrorKind.MODEL,
        "No layer of the network says how many outputs it has",
        "Set nOut of the output layer.");
  }
}
