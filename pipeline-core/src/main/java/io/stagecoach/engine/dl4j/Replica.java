package io.stagecoach.engine.dl4j;

import io.stagecoach.model.DescribesItself;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
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
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One set of a stage's layers: what one micro-batch in flight needs. Replicas of a stage share
 * weights and the gradient scratch. Walks the layers as {@code MultiLayerNetwork} does, with the
 * number of examples known rather than guessed from an axis.
 */
@SuppressWarnings("try") // DL4J's memory scopes are resources that no one needs to name.
final class Replica {

  /** Layers that only read their input, when told so; others get a copy of what is lent. */
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

  private final MultiLayerNetwork network;
  private final Layer[] layers;
  private final Map<Integer, InputPreProcessor> preProcessors;
  private final boolean truncated;
  private final boolean hasOutput;
  private final RandomKey key;
  private final boolean mayChangeInput;
  private final DenseHalves halves = new DenseHalves();
  private int examples;

  /**
   * @param configuration the stage's own, not shared with any other replica
   * @param parameters the stage's weights, rank 1, shared; null to make them anew
   * @param hasOutput whether the last layer has the loss
   * @param key what the configuration's random masks are keyed by
   */
  Replica(
      MultiLayerConfiguration configuration,
      INDArray parameters,
      boolean hasOutput,
      RandomKey key) {
    this.network = new MultiLayerNetwork(configuration);
    network.init(parameters == null ? null : parameters.reshape(1, parameters.length()), false);
    this.layers = network.getLayers();
    this.preProcessors = configuration.getInputPreProcessors();
    this.truncated = configuration.getBackpropType() == BackpropType.TruncatedBPTT;
    this.hasOutput = hasOutput;
    this.key = key;
    org.deeplearning4j.nn.conf.layers.Layer first = layers[0].conf().getLayer();
    this.mayChangeInput = LEAVE_INPUT_ALONE.stream().noneMatch(type -> type.isInstance(first));
    // The first layer's input is lent; the output layer's is used twice, for loss and gradient.
    layers[0].allowInputModification(false);
    layers[layers.length - 1].allowInputModification(!hasOutput && layers.length > 1);
  }

  Layer[] layers() {
    return layers;
  }

  /** The layer with the loss. */
  Layer outputLayer() {
    Layer last = layers[layers.length - 1];
    return last instanceof FrozenLayerWithBackprop frozen ? frozen.getInsideLayer() : last;
  }

  /** All weights, rank 1; only if there are any. */
  INDArray parameters() {
    return network.params().reshape(network.numParams());
  }

  void writeGradientsTo(INDArray scratch) {
    network.setBackpropGradientsViewArray(scratch);
  }

  /** Tells the layers where schedules stand. */
  void setCounts(long step, int epoch) {
    for (Layer layer : layers) {
      layer.setIterationCount((int) step);
      layer.setEpochCount(epoch);
    }
  }

  /** The penalty at the present weights. */
  double regularization() {
    double sum = 0;
    for (Layer layer : layers) {
      sum += layer.calcRegularizationScore(true);
    }
    return sum;
  }

  /** How many examples the micro-batch has that ran forward last. */
  int examples() {
    return examples;
  }

  /** Whether state is carried over time segments. */
  boolean isTruncated() {
    return truncated;
  }

  /**
   * Runs forward through all layers but the output layer, whose input it sets.
   *
   * @param in what comes in; not changed
   * @param before the recurrent state to start from, if this is a time segment
   * @return what comes out, still in this replica's memory
   */
  Boundary forward(
      Boundary in,
      boolean training,
      long step,
      int microBatch,
      List<Map<String, INDArray>> before,
      StageMemory.Slot slot) {
    LayerWorkspaceMgr memory = slot.forward();
    key.at(step, microBatch);
    examples = in.examples();
    for (Layer layer : layers) {
      layer.setInputMiniBatchSize(examples);
      layer.clearNoiseWeightParams();
    }
    setState(before);
    Pair<INDArray, MaskState> outMask = passMask(in.mask(), in.maskState());
    INDArray x = in.activations();
    if (mayChangeInput) {
      x = x.dup(x.ordering());
    }
    int plain = hasOutput ? layers.length - 1 : layers.length;
    for (int i = 0; i < plain; i++) {
      try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
        x = activate(i, preProcess(i, x, memory), training, memory);
      }
    }
    if (hasOutput) {
      try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
        x = preProcess(plain, x, memory);
        outputLayer().setInput(x, memory);
      }
    }
    return new Boundary(x, outMask.getFirst(), outMask.getSecond(), examples);
  }

  private INDArray preProcess(int layer, INDArray x, LayerWorkspaceMgr memory) {
    InputPreProcessor preProcessor = preProcessors.get(layer);
    return preProcessor == null ? x : preProcessor.preProcess(x, examples, memory);
  }

  private INDArray activate(int i, INDArray x, boolean training, LayerWorkspaceMgr memory) {
    RecurrentLayer recurrent = truncated ? recurrent(layers[i]) : null;
    if (recurrent == null) {
      return layers[i].activate(x, training, memory);
    }
    boolean trains = training && !(layers[i] instanceof FrozenLayer);
    return recurrent.rnnActivateUsingStoredState(x, trains, true, memory);
  }

  private static RecurrentLayer recurrent(Layer layer) {
    if (layer instanceof RecurrentLayer plain) {
      return plain;
    }
    boolean wraps =
        layer instanceof BaseWrapperLayer wrapper
            && wrapper.getUnderlying() instanceof RecurrentLayer;
    return wraps ? (RecurrentLayer) ((BaseWrapperLayer) layer).getUnderlying() : null;
  }

  private Pair<INDArray, MaskState> passMask(INDArray mask, MaskState state) {
    for (Layer layer : layers) {
      layer.setMaskArray(null);
    }
    if (mask == null) {
      return new Pair<>(null, null);
    }
    return network.feedForwardMaskArray(mask, state, examples);
  }

  private void setState(List<Map<String, INDArray>> before) {
    if (!truncated) {
      return;
    }
    for (int i = 0; i < layers.length; i++) {
      RecurrentLayer recurrent = recurrent(layers[i]);
      if (recurrent != null) {
        Map<String, INDArray> state = before.isEmpty() ? Map.of() : before.get(i);
        // DL4J's layers do not agree on which of the two they start from.
        recurrent.rnnSetPreviousState(state);
        recurrent.rnnSetTBPTTState(state);
      }
    }
  }

  /** The recurrent state after {@link #forward}, layer by layer, copied. */
  List<Map<String, INDArray>> stateAfter() {
    List<Map<String, INDArray>> all = new ArrayList<>();
    for (Layer layer : layers) {
      RecurrentLayer recurrent = recurrent(layer);
      Map<String, INDArray> state = new HashMap<>();
      if (recurrent != null) {
        recurrent
            .rnnGetTBPTTState()
            .forEach((name, array) -> state.put(name, OwnedArrays.copy(array)));
      }
      all.add(state);
    }
    return all;
  }

  /**
   * Runs backward; the gradients of the weights are then in the scratch.
   *
   * @param outputGradients the gradient of what {@link #forward} gave, which this may change; null
   *     if the last layer has the loss
   * @return the gradient of what came in, for the caller to own; null where none flows
   */
  INDArray backward(INDArray outputGradients, long step, int microBatch, StageMemory.Slot slot) {
    return backward(outputGradients, step, microBatch, slot, this::whole);
  }

  /**
   * Runs the first half of backward: as {@link #backward}, but for the gradients of the layers that
   * can be split, which are left open.
   *
   * @param open takes what is open, by layer
   */
  INDArray backwardInput(
      INDArray outputGradients,
      long step,
      int microBatch,
      StageMemory.Slot slot,
      Map<Integer, DenseHalves.Open> open) {
    return backward(
        outputGradients,
        step,
        microBatch,
        slot,
        (i, epsilon, memory) -> {
          if (!DenseHalves.splitsNow(layers[i])) {
            return whole(i, epsilon, memory);
          }
          DenseHalves.Half half = halves.first(layers[i], epsilon, memory);
          open.put(i, half.open());
          return half.inputGradient();
        });
  }

  /** Runs the second half of a layer's backward; its gradients are then in the scratch. */
  void backwardWeights(DenseHalves.Open open) {
    halves.second(open);
  }

  /** How a layer goes backward: the gradient of its input, from that of its output. */
  private interface LayerBackward {
    INDArray run(int layer, INDArray epsilon, LayerWorkspaceMgr memory);
  }

  private INDArray backward(
      INDArray outputGradients,
      long step,
      int microBatch,
      StageMemory.Slot slot,
      LayerBackward layerBackward) {
    key.at(step, microBatch);
    INDArray epsilon = outputGradients;
    MemoryWorkspace above = null;
    try {
      for (int i = layers.length - 1; i >= 0; i--) {
        if (layers[i] instanceof FrozenLayer) {
          return null;
        }
        LayerWorkspaceMgr memory = slot.backward(i);
        // Opened in turn rather than nested, so that each must go back to the slot by itself.
        MemoryWorkspace mine = memory.notifyScopeEntered(ArrayType.ACTIVATION_GRAD);
        mine.setPreviousWorkspace(slot.workspace());
        try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.BP_WORKING_MEM)) {
          working.setPreviousWorkspace(slot.workspace());
          epsilon = layerBackward.run(i, epsilon, memory);
          InputPreProcessor preProcessor = preProcessors.get(i);
          if (epsilon != null && preProcessor != null) {
            epsilon = preProcessor.backprop(epsilon, examples, memory);
          }
        } finally {
          if (above != null) {
            above.close();
          }
          above = mine;
        }
        if (epsilon == null) {
          return null;
        }
      }
      return OwnedArrays.copy(epsilon);
    } finally {
      if (above != null) {
        above.close();
      }
    }
  }

  private INDArray whole(int i, INDArray epsilon, LayerWorkspaceMgr memory) {
    if (truncated && layers[i] instanceof RecurrentLayer recurrent) {
      // Over the whole segment, as DL4J's own training does, whatever the backward length says.
      return recurrent.tbpttBackpropGradient(epsilon, Integer.MAX_VALUE, memory).getSecond();
    }
    return layers[i].backpropGradient(epsilon, memory).getSecond();
  }

  /** Lets go of a micro-batch's arrays. */
  void clear() {
    for (Layer layer : layers) {
      layer.clear();
      layer.clearNoiseWeightParams();
    }
  }

  /** The loss of the output layer, not averaged, without regularisation. */
  double lossSum(boolean training, StageMemory.Slot slot) {
    Layer layer = outputLayer();
    LayerWorkspaceMgr memory = slot.loss();
    try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
      double average = ((IOutputLayer) layer).computeScore(0, training, memory);
      return average * layer.getInputMiniBatchSize();
    }
  }

  /** What the output layer predicts for the input that it has, in the slot's memory. */
  INDArray predict(StageMemory.Slot slot) {
    Layer layer = outputLayer();
    LayerWorkspaceMgr memory = slot.forward();
    try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
      return layer.activate(layer.input(), false, memory);
    }
  }
}
