package io.stagecoach.engine.dl4j;

import io.stagecoach.model.DescribesItself;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A layer with the preprocessor before it. Does what {@code MultiLayerNetwork} and DL4J's layer
 * vertex do with one, with the number of examples known rather than guessed from an axis.
 */
final class LayerNode implements StageNode {

  /** Layers that only read their input, when told so; others get a copy of what others read too. */
  private static final List<Class<?>> LEAVE_INPUT_ALONE =
      List.of(
          DenseLayer.class,
          ConvolutionLayer.class,
          SubsamplingLayer.class,
          BatchNormalization.class,
          AbstractLSTM.class,
          EmbeddingLayer.class,
          EmbeddingSequenceLayer.class,
          BaseOutputLayer.class,
          DescribesItself.class);

  private final Layer layer;
  private final InputPreProcessor preProcessor;
  private final boolean truncated;
  private final boolean copiesInput;
  private int examples;

  /** What a layer may do to its input. */
  enum Input {
    /** Change it: nothing else reads it. */
    OWNED,
    /** Only read it, since it is read again for the loss. */
    KEPT,
    /** Only read it, since others read it too. */
    SHARED
  }

  /**
   * @param layer DL4J's own; this replica's
   * @param truncated whether sequences are trained in segments
   */
  LayerNode(Layer layer, Optional<InputPreProcessor> preProcessor, boolean truncated, Input input) {
    this.layer = layer;
    this.preProcessor = preProcessor.orElse(null);
    this.truncated = truncated;
    org.deeplearning4j.nn.conf.layers.Layer configured = layer.conf().getLayer();
    this.copiesInput =
        input == Input.SHARED
            && LEAVE_INPUT_ALONE.stream().noneMatch(type -> type.isInstance(configured));
    layer.allowInputModification(input == Input.OWNED);
  }

  /** DL4J's own layer. */
  Layer layer() {
    return layer;
  }

  @Override
  public Trainable trainable() {
    return layer;
  }

  @Override
  public void begin(int newExamples) {
    examples = newExamples;
    layer.setInputMiniBatchSize(examples);
    layer.clearNoiseWeightParams();
    layer.setMaskArray(null);
  }

  @Override
  public void setCounts(long step, int epoch) {
    layer.setIterationCount((int) step);
    layer.setEpochCount(epoch);
  }

  @Override
  public Pair<INDArray, MaskState> passMasks(List<INDArray> masks, MaskState state) {
    INDArray mask = masks.get(0);
    MaskState before = state;
    if (mask != null && preProcessor != null) {
      Pair<INDArray, MaskState> shaped = preProcessor.feedForwardMaskArray(mask, state, examples);
      mask = shaped == null ? null : shaped.getFirst();
      before = shaped == null ? null : shaped.getSecond();
    }
    return mask == null ? null : layer.feedForwardMaskArray(mask, before, examples);
  }

  @Override
  public INDArray forward(List<INDArray> inputs, boolean training, LayerWorkspaceMgr memory) {
    INDArray x = preProcess(inputs.get(0), memory);
    Optional<RecurrentLayer> recurrent = truncated ? recurrent() : Optional.empty();
    if (recurrent.isEmpty()) {
      return layer.activate(x, training, memory);
    }
    boolean trains = training && !isFrozen();
    return recurrent.get().rnnActivateUsingStoredState(x, trains, true, memory);
  }

  /** Sets the input of a layer with a loss, which runs forward with its labels only. */
  INDArray setInput(INDArray input, LayerWorkspaceMgr memory) {
    INDArray x = preProcess(input, memory);
    outputLayer().setInput(x, memory);
    return x;
  }

  /** Runs forward on the positions that are new of sequences whose past is kept. */
  INDArray goOn(String name, INDArray input, NodeMemory kept, LayerWorkspaceMgr memory) {
    return GoingOn.forward(name, layer, preProcess(input, memory), examples, kept, memory);
  }

  /** What an output predicts after the last position, [sequences, classes]. */
  INDArray predictNext(INDArray input, LayerWorkspaceMgr memory) {
    return GoingOn.predict(outputLayer(), preProcess(input, memory), memory);
  }

  private INDArray preProcess(INDArray input, LayerWorkspaceMgr memory) {
    INDArray x = copiesInput ? memory.dup(ArrayType.INPUT, input, input.ordering()) : input;
    return preProcessor == null ? x : preProcessor.preProcess(x, examples, memory);
  }

  /** The layer as one with a state that may be carried over time segments; none for others. */
  private Optional<RecurrentLayer> recurrent() {
    if (layer instanceof RecurrentLayer plain) {
      return Optional.of(plain);
    }
    return layer instanceof BaseWrapperLayer wrapper
            && wrapper.getUnderlying() instanceof RecurrentLayer inside
        ? Optional.of(inside)
        : Optional.empty();
  }

  /** Sets the state to start from; an empty map for "from nothing". */
  void setState(Map<String, INDArray> state) {
    recurrent()
        .ifPresent(
            recurrent -> {
              // DL4J's layers do not agree on which of the two they start from.
              recurrent.rnnSetPreviousState(state);
              recurrent.rnnSetTBPTTState(state);
            });
  }

  /** The state after the last forward pass, copied; empty for layers that have none. */
  Map<String, INDArray> stateAfter() {
    Map<String, INDArray> state = new HashMap<>();
    recurrent()
        .ifPresent(
            recurrent ->
                recurrent
                    .rnnGetTBPTTState()
                    .forEach((name, array) -> state.put(name, OwnedArrays.copy(array))));
    return state;
  }

  @Override
  public List<INDArray> backward(INDArray gradient, LayerWorkspaceMgr memory) {
    // Over the whole segment, as DL4J's own training does, whatever the backward length says.
    INDArray down =
        truncated && layer instanceof RecurrentLayer recurrent
            ? recurrent.tbpttBackpropGradient(gradient, Integer.MAX_VALUE, memory).getSecond()
            : layer.backpropGradient(gradient, memory).getSecond();
    return beforePreProcessor(down, memory);
  }

  /** The gradient of what the preprocessor read, from that of what it gave. */
  List<INDArray> beforePreProcessor(INDArray gradient, LayerWorkspaceMgr memory) {
    INDArray down = gradient;
    if (down != null && preProcessor != null) {
      down = preProcessor.backprop(down, examples, memory);
    }
    // List.of takes no null.
    return Arrays.asList(down);
  }

  @Override
  public boolean isFrozen() {
    return layer instanceof FrozenLayer;
  }

  @Override
  public double regularization() {
    return layer.calcRegularizationScore(true);
  }

  @Override
  public void clear() {
    layer.clear();
    layer.clearNoiseWeightParams();
  }

  @Override
  public Layer outputLayer() {
    return layer instanceof FrozenLayerWithBackprop frozen ? frozen.getInsideLayer() : layer;
  }
}
