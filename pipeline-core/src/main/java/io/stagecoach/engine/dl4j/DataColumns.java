package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Columns;
import io.stagecoach.model.DescribesItself;
import io.stagecoach.tensor.Tensors;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Which columns of the data a stage reads, and as what. */
final class DataColumns {

  private final Dl4jModel model;
  private final StageSlice slice;
  private final Set<String> indices;
  private final String lastOutput;

  DataColumns(Dl4jModel model, StageSlice slice) {
    this.model = model;
    this.slice = slice;
    this.indices =
        slice.inputs().stream().filter(this::readsIndices).collect(Collectors.toUnmodifiableSet());
    List<ModelNode> all = model.nodes();
    this.lastOutput = all.get(all.size() - 1).name();
  }

  /** Whether an input is indices into tables, whatever their type. */
  private boolean readsIndices(String input) {
    return slice.nodes().stream()
        .filter(node -> node.inputs().contains(input))
        .flatMap(node -> node.layer().stream())
        .anyMatch(
            layer ->
                layer instanceof EmbeddingLayer
                    || layer instanceof EmbeddingSequenceLayer
                    || (layer instanceof DescribesItself own && own.readsIndices()));
  }

  /** All of them. */
  Set<String> names() {
    Set<String> names = new HashSet<>();
    for (String input : slice.inputs()) {
      names.add(features(input));
      names.add(mask(input));
    }
    for (String output : slice.outputs()) {
      names.add(labels(output));
      names.add(labelsMask(output));
      names.add(weights(output));
    }
    return names;
  }

  private String features(String input) {
    return model.inputs().size() == 1 ? Columns.FEATURES : Columns.features(input);
  }

  private String mask(String input) {
    return model.inputs().size() == 1 ? Columns.FEATURES_MASK : Columns.featuresMask(input);
  }

  private String labels(String output) {
    return isOnly(output) ? Columns.LABELS : Columns.labels(output);
  }

  private String labelsMask(String output) {
    return isOnly(output) ? Columns.LABELS_MASK : Columns.labelsMask(output);
  }

  private String weights(String output) {
    return isOnly(output) ? Columns.WEIGHTS : Columns.weights(output);
  }

  /** Whether it is the model's only output. */
  boolean isOnly(String output) {
    return model.outputs().size() == 1 && model.outputs().contains(output);
  }

  /** Whether this is the output whose examples and labels are counted: one of the model's. */
  boolean counts(String output) {
    return output.equals(lastOutput);
  }

  /** What the prediction of an output is called. */
  String prediction(String output) {
    return isOnly(output) ? Boundary.ACTIVATIONS : Boundary.predictions(output);
  }

  /** The end of an output. */
  OutputHead head(String output, Layer layer) {
    return new OutputHead(
        layer, labels(output), labelsMask(output), weights(output), model.dataType());
  }

  /** How many examples there are; only where the stage reads an input of the model. */
  int examples(Tensors columns) {
    return (int) columns.get(features(slice.inputs().get(0))).size(0);
  }

  /** The inputs of the model that the stage reads, by name, in the network's type. */
  Map<String, Activations> read(Tensors columns) {
    Map<String, Activations> inputs = new HashMap<>();
    for (String input : slice.inputs()) {
      INDArray array = column(columns.get(features(input)));
      INDArray mask = columns.find(mask(input)).map(DataColumns::column).orElse(null);
      inputs.put(
          input,
          new Activations(
              indices.contains(input) ? array : array.castTo(model.dataType()),
              mask == null ? null : mask.castTo(model.dataType()),
              mask == null ? null : MaskState.Active));
    }
    return inputs;
  }

  private static INDArray column(INDArray array) {
    return array.rank() == 1 ? array.reshape(array.length(), 1) : array;
  }
}
