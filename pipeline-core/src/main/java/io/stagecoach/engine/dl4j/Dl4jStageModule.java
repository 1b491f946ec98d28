package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.SplitBackward;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.deeplearning4j.exception.DL4JInvalidInputException;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A contiguous run of layers of a DL4J {@code MultiLayerNetwork}. Several micro-batches are in
 * flight in as many replicas of the layers, which share weights and the place where gradients are
 * written; or in one, with forward run again from the input that is lent until backward.
 *
 * <p>The weights are undefined until {@link #setParameters}.
 */
public final class Dl4jStageModule implements StageModule, SplitBackward {

  private final StageSpec spec;
  private final StageMemory memory;
  private final DataType type;
  private final boolean readsIndices;
  private final List<Slot> slots = new ArrayList<>();
  private final Deque<Slot> free = new ArrayDeque<>();
  private final Map<Integer, Slot> inFlight = new HashMap<>();
  private final Map<Integer, Tensors> stashedInputs = new HashMap<>();
  private final Map<Mode, CarriedState> carried = new HashMap<>();
  private final ParameterLayout layout;
  private final INDArray parameters;
  private final GradientSum gradients;
  private StepContext context;
  private double regularization;
  private long examples;
  private final Map<Integer, OpenHalf> open = new HashMap<>();

  /** What the first half of a backward pass left, by layer. */
  private record OpenHalf(Slot slot, Map<Integer, DenseHalves.Open> layers) {}

  private record Slot(Replica replica, OutputHead head, StageMemory.Slot memory) {}

  /**
   * Builds the stage.
   *
   * @throws StagecoachException MODEL if the model is not a network, or cannot be cut
   */
  public Dl4jStageModule(StageSpec spec) {
    this.spec = spec;
    MultiLayerConfiguration whole = SupportCheck.parse(spec.model());
    int layers = whole.getConfs().size();
    if (spec.firstLayer() < 0 || spec.firstLayer() >= spec.endLayer() || spec.endLayer() > layers) {
      throw new IllegalArgumentException(
          "layers " + spec.firstLayer() + " to " + spec.endLayer() + " of " + layers);
    }
    this.memory = new StageMemory(spec.endLayer() - spec.firstLayer());
    this.type = whole.getDataType();
    org.deeplearning4j.nn.conf.layers.Layer first = whole.getConf(0).getLayer();
    this.readsIndices =
        spec.isFirst()
            && (first instanceof EmbeddingLayer || first instanceof EmbeddingSequenceLayer);
    Slot slot = makeSlot(null);
    slots.add(slot);
    this.layout = Layouts.of(slot.replica().layers(), spec.firstLayer(), whole.getConfs());
    INDArray flat = layout.length() == 0 ? null : slot.replica().parameters();
    this.parameters = flat == null ? Nd4j.create(type, 0) : flat;
    int replicas = spec.recompute() == Recompute.STAGE ? 1 : Math.max(1, spec.slots());
    while (slots.size() < replicas) {
      slots.add(makeSlot(flat));
    }
    if (layout.length() == 0) {
      this.gradients = null;
    } else {
      this.gradients =
          new GradientSum(
              layout, Arrays.stream(slot.replica().layers()).map(Layer::numParams).toList(), type);
      slots.forEach(s -> s.replica().writeGradientsTo(gradients.scratch()));
    }
    for (Mode mode : Mode.values()) {
      carried.put(mode, new CarriedState());
    }
  }

  private Slot makeSlot(INDArray flat) {
    MultiLayerConfiguration configuration =
        StageConfiguration.slice(spec.model(), spec.firstLayer(), spec.endLayer());
    RandomKey key = new RandomKey(spec.seed());
    KeyedRandomness.install(configuration, spec.firstLayer(), key);
    if (spec.isLast()) {
      OutputHead.install(configuration);
    }
    Replica replica = new Replica(configuration, flat, spec.isLast(), key);
    return new Slot(
        replica, spec.isLast() ? new OutputHead(replica, type) : null, memory.slot(slots.size()));
  }

  @Override
  public Set<String> dataColumns() {
    Set<String> columns = new HashSet<>();
    if (spec.isFirst()) {
      columns.add(Columns.FEATURES);
      columns.add(Columns.FEATURES_MASK);
    }
    if (spec.isLast()) {
      columns.addAll(OutputHead.columns());
    }
    return columns;
  }

  @Override
  public ParameterLayout parameterLayout() {
    return layout;
  }

  @Override
  public INDArray parameters() {
    return parameters;
  }

  @Override
  public void setParameters(INDArray flat) {
    if (flat.length() != layout.length()) {
      throw new IllegalArgumentException(
          flat.length() + " parameters given, the stage has " + layout.length());
    }
    if (flat.length() > 0) {
      parameters.assign(flat.reshape(flat.length()));
    }
  }

  @Override
  public void beginStep(StepContext step) {
    slots.forEach(Dl4jStageModule::release);
    inFlight.clear();
    open.clear();
    stashedInputs.clear();
    free.clear();
    free.addAll(slots);
    context = step;
    examples = 0;
    for (Slot slot : slots) {
      slot.replica().setCounts(step.step(), step.epoch());
    }
    carried.get(step.mode()).begin(step.step(), step.carriesState());
    if (step.mode() == Mode.TRAINING) {
      if (gradients != null) {
        gradients.begin();
      }
      regularization = slots.get(0).replica().regularization();
    }
  }

  private static void release(Slot slot) {
    slot.replica().clear();
    if (slot.head() != null) {
      slot.head().clear();
    }
    slot.memory().abandon();
  }

  @Override
  public Forward forward(int microBatch, Tensors inputs) {
    MemoryWorkspace outer = Nd4j.getMemoryManager().getCurrentWorkspace();
    try {
      return context.mode() == Mode.TRAINING
          ? train(microBatch, inputs)
          : infer(microBatch, inputs);
    } catch (DL4JInvalidInputException e) {
      throw new StagecoachException(
          ErrorKind.DATA,
          String.valueOf(e.getMessage()),
          Where.nowhere(),
          "The data's shape and values must be what the model's first layer takes.",
          e);
    } finally {
      // Also after a failure, or the caller's next array would be born in a slot.
      Nd4j.getMemoryManager().setCurrentWorkspace(outer);
    }
  }

  private Forward train(int microBatch, Tensors inputs) {
    Slot slot = acquire(microBatch);
    slot.memory().open();
    Boundary out = runForward(slot, microBatch, inputs);
    if (slot.replica().isTruncated()) {
      carried.get(Mode.TRAINING).keep(microBatch, slot.replica().stateAfter());
    }
    Forward result;
    if (spec.isLast()) {
      slot.head().setLabels(inputs);
      Loss loss = slot.head().loss(true, out.examples(), slot.memory());
      result = new Forward(Tensors.none(), loss);
    } else {
      result = new Forward(copyOut(out), Loss.none());
    }
    if (spec.recompute() == Recompute.STAGE) {
      stashedInputs.put(microBatch, inputs);
      release(slot);
      free.add(slot);
    } else {
      inFlight.put(microBatch, slot);
    }
    return result;
  }

  private Slot acquire(int microBatch) {
    Slot slot = free.poll();
    if (slot == null || inFlight.containsKey(microBatch) || stashedInputs.containsKey(microBatch)) {
      throw new IllegalStateException(
          "micro-batch "
              + microBatch
              + " cannot begin: "
              + inFlight.keySet()
              + " are in flight in "
              + slots.size()
              + " slots");
    }
    return slot;
  }

  private Forward infer(int microBatch, Tensors inputs) {
    Slot slot = slots.get(0);
    slot.memory().open();
    Boundary out = runForward(slot, microBatch, inputs);
    if (slot.replica().isTruncated()) {
      carried.get(Mode.INFERENCE).keep(microBatch, slot.replica().stateAfter());
    }
    Forward result =
        spec.isLast()
            ? predict(slot, out.examples(), inputs)
            : new Forward(copyOut(out), Loss.none());
    release(slot);
    return result;
  }

  private static Forward predict(Slot slot, int examples, Tensors inputs) {
    boolean labelled = inputs.find(Columns.LABELS).isPresent();
    Loss loss = Loss.none();
    if (labelled) {
      slot.head().setLabels(inputs);
      loss = slot.head().loss(false, examples, slot.memory());
    }
    INDArray output = slot.replica().predict(slot.memory());
    if (labelled) {
      loss = slot.head().withConfusion(loss, output);
    }
    return new Forward(Tensors.of(Boundary.ACTIVATIONS, OwnedArrays.copy(output)), loss);
  }

  private Boundary runForward(Slot slot, int microBatch, Tensors inputs) {
    boolean training = context.mode() == Mode.TRAINING;
    List<Map<String, INDArray>> before =
        slot.replica().isTruncated()
            ? carried.get(context.mode()).before(microBatch, context.carriesState())
            : List.of();
    return slot.replica()
        .forward(incoming(inputs), training, context.step(), microBatch, before, slot.memory());
  }

  private Boundary incoming(Tensors inputs) {
    if (!spec.isFirst()) {
      return Boundary.from(inputs).castTo(type, false);
    }
    INDArray features = inputs.get(Columns.FEATURES);
    INDArray mask = inputs.find(Columns.FEATURES_MASK).orElse(null);
    return new Boundary(
            column(features),
            mask == null ? null : column(mask),
            mask == null ? null : MaskState.Active,
            (int) features.size(0))
        .castTo(type, readsIndices);
  }

  private static INDArray column(INDArray array) {
    return array.rank() == 1 ? array.reshape(array.length(), 1) : array;
  }

  private static Tensors copyOut(Boundary out) {
    return new Boundary(
            OwnedArrays.copy(out.activations()),
            out.mask() == null ? null : OwnedArrays.copy(out.mask()),
            out.maskState(),
            out.examples())
        .toTensors();
  }

  @Override
  public Tensors backward(int microBatch, Tensors outputGradients) {
    MemoryWorkspace outer = Nd4j.getMemoryManager().getCurrentWorkspace();
    try {
      return backpropagate(microBatch, outputGradients);
    } finally {
      Nd4j.getMemoryManager().setCurrentWorkspace(outer);
    }
  }

  private Tensors backpropagate(int microBatch, Tensors outputGradients) {
    Slot slot = spec.recompute() == Recompute.STAGE ? again(microBatch) : resume(microBatch);
    Replica replica = slot.replica();
    examples += replica.examples();
    Tensors result = Tensors.none();
    INDArray incoming = outputGradients.find(Boundary.GRADIENTS).map(this::changeable).orElse(null);
    if (incoming != null || spec.isLast()) {
      INDArray gradient = replica.backward(incoming, context.step(), microBatch, slot.memory());
      if (gradients != null) {
        gradients.add(replica.examples());
      }
      if (gradient != null) {
        result = outgoing(gradient);
      }
    }
    release(slot);
    free.add(slot);
    return result;
  }

  /**
   * Dense layers leave the gradients of their parameters for the second half. All others, and all
   * layers where a stage keeps its inputs only, go backward as a whole in the first.
   */
  @Override
  public Optional<SplitBackward> splitBackward() {
    return Optional.of(this);
  }

  @Override
  public Tensors backwardInput(int microBatch, Tensors outputGradients) {
    if (spec.recompute() == Recompute.STAGE || gradients == null) {
      Tensors result = backward(microBatch, outputGradients);
      open.put(microBatch, new OpenHalf(null, Map.of()));
      return result;
    }
    MemoryWorkspace outer = Nd4j.getMemoryManager().getCurrentWorkspace();
    try {
      return firstHalf(microBatch, outputGradients);
    } finally {
      Nd4j.getMemoryManager().setCurrentWorkspace(outer);
    }
  }

  private Tensors firstHalf(int microBatch, Tensors outputGradients) {
    Slot slot = resume(microBatch);
    Replica replica = slot.replica();
    examples += replica.examples();
    Tensors result = Tensors.none();
    Map<Integer, DenseHalves.Open> layers = new TreeMap<>();
    INDArray incoming = outputGradients.find(Boundary.GRADIENTS).map(this::changeable).orElse(null);
    if (incoming != null || spec.isLast()) {
      INDArray gradient =
          replica.backwardInput(incoming, context.step(), microBatch, slot.memory(), layers);
      gradients.addWithout(layers.keySet(), replica.examples());
      if (gradient != null) {
        result = outgoing(gradient);
      }
    }
    open.put(microBatch, new OpenHalf(slot, layers));
    return result;
  }

  @Override
  public void backwardWeights(int microBatch) {
    OpenHalf half = open.remove(microBatch);
    requireInFlight(microBatch, half);
    if (half.slot() == null) {
      return;
    }
    MemoryWorkspace outer = Nd4j.getMemoryManager().getCurrentWorkspace();
    try {
      half.slot().memory().resume();
      half.layers()
          .forEach(
              (layer, dense) -> {
                half.slot().replica().backwardWeights(dense);
                gradients.addLayer(layer);
              });
      release(half.slot());
      free.add(half.slot());
    } finally {
      Nd4j.getMemoryManager().setCurrentWorkspace(outer);
    }
  }

  private Slot resume(int microBatch) {
    Slot slot = inFlight.remove(microBatch);
    requireInFlight(microBatch, slot);
    slot.memory().resume();
    return slot;
  }

  private Slot again(int microBatch) {
    Tensors inputs = stashedInputs.remove(microBatch);
    requireInFlight(microBatch, inputs);
    Slot slot = acquire(microBatch);
    slot.memory().open();
    runForward(slot, microBatch, inputs);
    if (spec.isLast()) {
      slot.head().setLabels(inputs);
    }
    return slot;
  }

  /** A copy in the slot's memory: layers change the gradients that they are given. */
  private INDArray changeable(INDArray gradient) {
    return gradient.dataType() == type ? gradient.dup(gradient.ordering()) : gradient.castTo(type);
  }

  private Tensors outgoing(INDArray gradient) {
    if (spec.isFirst()) {
      gradient.close();
      return Tensors.none();
    }
    return Tensors.of(Boundary.GRADIENTS, gradient);
  }

  private static void requireInFlight(int microBatch, Object held) {
    if (held == null) {
      throw new IllegalStateException("micro-batch " + microBatch + " is not in flight");
    }
  }

  @Override
  public StageGradients gradients() {
    INDArray flat = gradients == null ? parameters : gradients.flat();
    return new StageGradients(flat, examples, regularization);
  }

  @Override
  public void close() {
    slots.forEach(Dl4jStageModule::release);
    inFlight.clear();
    open.clear();
    stashedInputs.clear();
    memory.close();
    if (gradients != null) {
      gradients.close();
    }
    if (parameters.closeable()) {
      parameters.close();
    }
  }
}
