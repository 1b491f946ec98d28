package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.Loss;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/**
 * A node with a loss: its labels, their mask, the loss, and how often each class was right. DL4J's
 * output layers run forward with their labels only, so that this has their forward pass too.
 */
@SuppressWarnings("try") // DL4J's memory scopes are resources that no one needs to name.
final class OutputHead {

  /** More classes than this are not counted by pairs: the counts would be larger than the data. */
  private static final int MOST_CLASSES_COUNTED = 1000;

  private final Layer layer;
  private final String labelsColumn;
  private final String maskColumn;
  private final String weightsColumn;
  private final org.deeplearning4j.nn.conf.layers.Layer configured;
  private final DataType type;
  private final boolean takesIndices;
  private INDArray labels;

  /**
   * @param layer the layer with the loss
   * @param labelsColumn what its labels are called
   * @param maskColumn what their mask is called
   * @param weightsColumn what the weights of the rows are called
   */
  OutputHead(
      Layer layer, String labelsColumn, String maskColumn, String weightsColumn, DataType type) {
    this.layer = layer;
    this.labelsColumn = labelsColumn;
    this.maskColumn = maskColumn;
    this.weightsColumn = weightsColumn;
    this.configured = layer.conf().getLayer();
    this.type = type;
    this.takesIndices =
        OutputLosses.find(configured).filter(ClassIndexLoss.class::isInstance).isPresent();
  }

  /**
   * Makes an output layer of a runtime configuration take class indices where it can do without
   * one-hot labels.
   */
  static void install(org.deeplearning4j.nn.conf.layers.Layer configured) {
    org.deeplearning4j.nn.conf.layers.Layer last =
        configured instanceof FrozenLayerWithBackprop frozen ? frozen.getUnderlying() : configured;
    if (last instanceof BaseOutputLayer output
        && output.getActivationFn() instanceof ActivationSoftmax
        && output.getLossFn() instanceof LossMCXENT crossEntropy) {
      output.setLossFn(new ClassIndexLoss(crossEntropy));
    }
  }

  /** Gives the output layer its labels, their mask and weights; its input must be set. */
  void setLabels(Tensors columns) {
    INDArray given =
        columns
            .find(labelsColumn)
            .orElseThrow(
                () ->
                    new StagecoachException(
                        ErrorKind.DATA,
                        "There is no column " + labelsColumn,
                        "Name the label column in spark.stagecoach.data.label."));
    labels = prepare(given);
    ((IOutputLayer) layer).setLabels(labels);
    Optional<INDArray> mask = columns.find(maskColumn);
    if (mask.isPresent()) {
      INDArray cast = mask.get().castTo(type);
      layer.setMaskArray(cast.rank() == 1 ? cast.reshape(cast.length(), 1) : cast);
    }
    columns.find(weightsColumn).ifPresent(this::setWeights);
  }

  /**
   * @param weights of shape [rows] or [rows, time]
   */
  private void setWeights(INDArray weights) {
    WeightedLoss loss =
        OutputLosses.weighted(configured)
            .orElseThrow(
                () ->
                    new StagecoachException(
                        ErrorKind.MODEL,
                        "The rows have weights, and the output layer "
                            + configured.getLayerName()
                            + " ("
                            + configured.getClass().getSimpleName()
                            + ") takes none",
                        "Train without weights, or end the network with an output or loss layer of"
                            + " vectors or sequences."));
    INDArray cast = weights.castTo(type);
    if (!hasTimeAxis()) {
      loss.setWeights(cast.reshape(cast.length(), 1));
      return;
    }
    INDArray perStep =
        cast.rank() == 2
            ? cast
            : cast.reshape(cast.length(), 1).repeat(1, labelVectors() / cast.length());
    // DL4J puts sequences under each other with the rows running first, then time.
    loss.setWeights(perStep.dup('f').reshape('f', perStep.length(), 1));
  }

  private INDArray prepare(INDArray given) {
    if (!given.isZ()) {
      INDArray cast = given.castTo(type);
      return cast.rank() == 1 ? cast.reshape(cast.length(), 1) : cast;
    }
    boolean time = hasTimeAxis();
    INDArray indices = given;
    if (time && given.rank() == 2) {
      indices =
          isTimeInTheMiddle()
              ? given.reshape('c', given.size(0), given.size(1), 1)
              : given.reshape('c', given.size(0), 1, given.size(1));
    } else if (!time && given.rank() == 1) {
      indices = given.reshape('c', given.length(), 1);
    }
    if (takesIndices) {
      return indices;
    }
    return classCount() == 1 ? indices.castTo(type) : oneHot(given, time);
  }

  private INDArray oneHot(INDArray indices, boolean time) {
    long count = classCount();
    long rows = indices.size(0);
    long steps = time ? indices.size(1) : 1;
    INDArray flat = indices.dup('c').reshape(indices.length());
    INDArray matrix = Nd4j.zeros(type, rows * steps, count);
    for (long i = 0; i < flat.length(); i++) {
      long label = flat.getLong(i);
      if (label < 0 || label >= count) {
        throw ClassIndexLoss.outOfRange(label, count);
      }
      matrix.putScalar(i, label, 1);
    }
    if (!time) {
      return matrix;
    }
    INDArray sequence = matrix.reshape('c', rows, steps, count);
    return isTimeInTheMiddle() ? sequence : sequence.permute(0, 2, 1);
  }

  private long classCount() {
    if (configured instanceof BaseOutputLayer output) {
      return output.getNOut();
    }
    INDArray input = layer.input();
    return input.size(classAxis(input.rank()));
  }

  private boolean hasTimeAxis() {
    return configured instanceof RnnOutputLayer || configured instanceof RnnLossLayer;
  }

  private boolean isTimeInTheMiddle() {
    return ModelOutputs.isTimeInTheMiddle(configured);
  }

  private boolean areChannelsLast() {
    return configured instanceof CnnLossLayer loss && loss.getFormat() == CNN2DFormat.NHWC;
  }

  private int classAxis(int rank) {
    return isTimeInTheMiddle() || areChannelsLast() ? rank - 1 : 1;
  }

  /** The loss of the labels that are set. */
  Loss loss(boolean training, int examples, StageMemory.Slot slot) {
    LayerWorkspaceMgr memory = slot.loss();
    try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
      double average = ((IOutputLayer) layer).computeScore(0, training, memory);
      double sum = average * layer.getInputMiniBatchSize();
      return new Loss(sum, examples, countLabels(), List.of());
    }
  }

  /** What the output layer predicts for the input that it has, in the slot's memory. */
  INDArray predict(StageMemory.Slot slot) {
    LayerWorkspaceMgr memory = slot.forward();
    try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
      return layer.activate(layer.input(), false, memory);
    }
  }

  /** Whether the columns have its labels. */
  boolean isLabelled(Tensors columns) {
    return columns.find(labelsColumn).isPresent();
  }

  /** The loss with counts of actual and predicted class, where there are classes. */
  Loss withConfusion(Loss loss, INDArray output) {
    return new Loss(loss.sum(), loss.examples(), loss.timeSteps(), confusion(output));
  }

  private long countLabels() {
    INDArray mask = layer.getMaskArray();
    if (mask == null) {
      return labelVectors();
    }
    if (mask.rank() == 2 && mask.size(0) == labelVectors() && mask.size(1) > 1) {
      // A mask for each output: a vector counts if any of its outputs does.
      return mask.neq(0).castTo(DataType.INT32).max(1).sumNumber().longValue();
    }
    return mask.neq(0).castTo(DataType.INT64).sumNumber().longValue();
  }

  private long labelVectors() {
    return labels.length() / labels.size(classAxis(labels.rank()));
  }

  private List<Long> confusion(INDArray output) {
    long classes = output.size(classAxis(output.rank()));
    boolean binary = classes == 1 && isBinary();
    if ((!binary && !isDistribution()) || classes > MOST_CLASSES_COUNTED) {
      return List.of();
    }
    int width = binary ? 2 : (int) classes;
    int[] predicted = classes(output, binary);
    int[] actual = labels.isZ() ? indices() : classes(labels, binary);
    double[] counts = labelWeights(actual.length);
    long[] cells = new long[width * width];
    for (int i = 0; i < actual.length; i++) {
      if (counts[i] != 0) {
        cells[actual[i] * width + predicted[i]]++;
      }
    }
    return Arrays.stream(cells).boxed().toList();
  }

  private boolean isDistribution() {
    return ClassProbabilities.areDistribution(configured) && !(configured instanceof CnnLossLayer);
  }

  private boolean isBinary() {
    return ClassProbabilities.areOfSecondClass(configured);
  }

  /** The class of each label vector, rows first, then time. */
  private int[] classes(INDArray distributions, boolean binary) {
    INDArray chosen =
        binary
            ? distributions.gt(0.5).castTo(DataType.INT32)
            : distributions.argMax(classAxis(distributions.rank()));
    // Not reshape('c', length): with a single length Java takes 'c' for a dimension of 99.
    INDArray flat = chosen.dup('c').reshape(chosen.length());
    return flat.castTo(DataType.INT32).toIntVector();
  }

  private int[] indices() {
    return labels.dup('c').reshape(labels.length()).castTo(DataType.INT32).toIntVector();
  }

  /** Which label vectors count, rows first, then time. */
  private double[] labelWeights(int vectors) {
    INDArray mask = layer.getMaskArray();
    double[] weights = new double[vectors];
    if (mask == null) {
      Arrays.fill(weights, 1);
      return weights;
    }
    int steps = hasTimeAxis() ? vectors / (int) labels.size(0) : 1;
    int rows = vectors / steps;
    INDArray perVector = mask.length() == vectors ? mask.reshape(vectors) : mask.max(1);
    for (int row = 0; row < rows; row++) {
      for (int step = 0; step < steps; step++) {
        // DL4J's mask vectors for sequences run through the rows first.
        weights[row * steps + step] = perVector.getDouble(maskIndex(row, step, rows, steps));
      }
    }
    return weights;
  }

  private static int maskIndex(int row, int step, int rows, int steps) {
    return steps == 1 ? row : step * rows + row;
  }

  /** Lets go of the labels. */
  void clear() {
    labels = null;
  }

  /** The columns that it reads. */
  List<String> columns() {
    return List.of(labelsColumn, maskColumn, weightsColumn);
  }
}
