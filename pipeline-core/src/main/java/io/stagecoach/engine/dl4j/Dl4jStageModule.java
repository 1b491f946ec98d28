package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Blocks;
import io.stagecoach.engine.FinishedGradients;
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
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.deeplearning4j.exception.DL4JInvalidInputException;
import org.deeplearning4j.nn.api.Trainable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A contiguous run of the layers of a DL4J {@code MultiLayerNetwork}, or of the vertices of a
 * {@code ComputationGraph}. Several micro-batches are in flight in as many replicas of them, which
 * share weights and the place where gradients are written; or in one, with forward run again from
 * the input that is lent until backward.
 *
 * <p>The weights are undefined until {@link #setParameters}.
 */
public final class Dl4jStageModule implements StageModule, SplitBackward {

  private final StageSpec spec;
  private final Dl4jModel model;
  private final StageSlice slice;
  private final DataColumns columns;
  private final StageMemory memory;
  private final DataType type;
  private final List<Slot> slots = new ArrayList<>();
  private final Deque<Slot> free = new ArrayDeque<>();
  private final Map<Integer, Slot> inFlight = new HashMap<>();
  private final Map<Integer, Tensors> stashedInputs = new HashMap<>();
  private final Map<Mode, CarriedState> carried = new HashMap<>();
  private final KeptSequences sequences;
  private final ParameterLayout layout;
  private final INDArray parameters;
  private final GradientSum gradients;
  private StepContext context;
  private double regularization;
  private long examples;
  private Optional<FinishedGradients> told = Optional.empty();
  private final Map<Integer, OpenHalf> open = new HashMap<>();

  /** What the first half of a backward pass left, by layer. */
  private record OpenHalf(Slot slot, Map<Integer, DenseHalves.Open> layers) {}

  /** What one micro-batch in flight has; a head for each output, by name. */
  private record Slot(Replica replica, Map<String, OutputHead> heads, StageMemory.Slot memory) {}

  /**
   * Builds the stage.
   *
   * @throws StagecoachException MODEL if the model is not a network, or cannot be cut
   */
  public Dl4jStageModule(StageSpec spec) {
    this.spec = spec;
    this.model = Dl4jModel.parse(spec.model());
    this.slice = StageSlice.of(model, spec.firstLayer(), spec.endLayer());
    this.columns = new DataColumns(model, slice);
    this.memory = new StageMemory(slice.nodes().size());
    this.type = model.dataType();
    this.sequences = new KeptSequences(slice.nodes().size());
    Slot slot = makeSlot(Optional.empty());
    slots.add(slot);
    List<Trainable> trainables = slot.replica().trainables();
    this.layout = Layouts.ofStage(model, slice, trainables);
    Optional<INDArray> flat =
        layout.length() == 0 ? Optional.empty() : Optional.of(slot.replica().parameters());
    this.parameters = flat.orElseGet(() -> Nd4j.create(type, 0));
    int replicas = spec.recompute() == Recompute.STAGE ? 1 : Math.max(1, spec.slots());
    while (slots.size() < replicas) {
      slots.add(makeSlot(flat));
    }
    if (layout.length() == 0) {
      this.gradients = null;
    } else {
      this.gradients =
          new GradientSum(layout, trainables.stream().map(Trainable::numParams).toList(), type);
      slots.forEach(s -> s.replica().writeGradientsTo(gradients.scratch()));
    }
    for (Mode mode : Mode.values()) {
      carried.put(mode, new CarriedState());
    }
  }

  private Slot makeSlot(Optional<INDArray> flat) {
    Replica replica = new Replica(model, slice, flat, new RandomKey(spec.seed()));
    Map<String, OutputHead> heads = new LinkedHashMap<>();
    for (String output : slice.outputs()) {
      heads.put(output, columns.head(output, replica.outputLayer(output)));
    }
    return new Slot(replica, heads, memory.slot(slots.size()));
  }

  @Override
  public Set<String> dataColumns() {
    return columns.names();
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
    told = Optional.empty();
    examples = 0;
    for (Slot slot : slots) {
      slot.replica().setCounts(step.step(), step.epoch());
    }
    carried.get(step.mode()).begin(step.step(), step.carriesState());
    if (step.mode() == Mode.GENERATION) {
      slice.nodes().forEach(node -> GoingOn.check(node, slice.outputs().contains(node.name())));
      sequences.begin(step.carriesState());
    } else {
      sequences.close();
    }
    if (step.mode() == Mode.TRAINING) {
      if (gradients != null) {
        gradients.begin(new Blocks(step.microBatches(), step.blocks()));
      }
      regularization = slots.get(0).replica().regularization();
    }
  }

  @Override
  public Map<String, INDArray> carriedState() {
    return carried.get(Mode.TRAINING).left();
  }

  @Override
  public void restoreCarriedState(Map<String, INDArray> state) {
    carried.get(Mode.TRAINING).restore(state, slice.nodes().size());
  }

  private static void release(Slot slot) {
    slot.replica().clear();
    slot.heads().values().forEach(OutputHead::clear);
    slot.memory().abandon();
  }

  @Override
  public Forward forward(int microBatch, Tensors inputs) {
    MemoryWorkspace outer = Nd4j.getMemoryManager().getCurrentWorkspace();
    try {
      return switch (context.mode()) {
        case TRAINING -> train(microBatch, inputs);
        case INFERENCE, PREDICTION -> infer(microBatch, inputs);
        case GENERATION -> goOn(microBatch, inputs);
      };
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
    Forward result = new Forward(out.copy().toTensors(), loss(slot, true, inputs));
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
      carried.get(context.mode()).keep(microBatch, slot.replica().stateAfter());
    }
    Loss loss = loss(slot, false, inputs);
    Map<String, INDArray> predictions = new LinkedHashMap<>();
    Boundary.predictionsIn(inputs)
        .forEach((name, array) -> predictions.put(name, OwnedArrays.copy(array)));
    for (Map.Entry<String, OutputHead> output : slot.heads().entrySet()) {
      OutputHead head = output.getValue();
      INDArray predicted = head.predict(slot.memory());
      if (columns.isOnly(output.getKey()) && head.isLabelled(inputs)) {
        loss = head.withConfusion(loss, predicted);
      }
      predictions.put(columns.prediction(output.getKey()), OwnedArrays.copy(predicted));
    }
    Tensors outputs = out.copy().toTensors().and(Tensors.of(predictions));
    release(slot);
    return new Forward(outputs, loss);
  }

  private Forward goOn(int microBatch, Tensors inputs) {
    Slot slot = slots.get(0);
    slot.memory().open();
    Map<String, INDArray> predicted = new LinkedHashMap<>();
    Boundary out =
        slot.replica()
            .goOn(
                received(inputs),
                columns.read(inputs),
                sequences.of(microBatch, context.carriesState()),
                predicted,
                slot.memory());
    Tensors outputs = out.copy().toTensors();
    for (Map.Entry<String, INDArray> one : predicted.entrySet()) {
      outputs =
          outputs.and(
              Tensors.of(
                  columns.isOnly(one.getKey()) ? Mode.NEXT : columns.prediction(one.getKey()),
                  one.getValue()));
    }
    release(slot);
    return new Forward(outputs, Loss.none());
  }

  private Boundary received(Tensors inputs) {
    return slice.received().isEmpty()
        ? new Boundary(Map.of(), columns.examples(inputs))
        : Boundary.from(inputs, slice.received()).castTo(type);
  }

  /** The losses of the stage's outputs, where there are labels. */
  private Loss loss(Slot slot, boolean training, Tensors inputs) {
    Loss sum = Loss.none();
    for (Map.Entry<String, OutputHead> output : slot.heads().entrySet()) {
      OutputHead head = output.getValue();
      if (training || head.isLabelled(inputs)) {
        head.setLabels(inputs);
        Loss loss = head.loss(training, slot.replica().examples(), slot.memory());
        sum =
            sum.plus(
                columns.counts(output.getKey()) ? loss : new Loss(loss.sum(), 0, 0, List.of()));
      }
    }
    return sum;
  }

  private Boundary runForward(Slot slot, int microBatch, Tensors inputs) {
    boolean training = context.mode() == Mode.TRAINING;
    List<Map<String, INDArray>> before =
        slot.replica().isTruncated()
            ? carried.get(context.mode()).before(microBatch, context.carriesState())
            : List.of();
    Map<String, Activations> own = columns.read(inputs);
    return slot.replica()
        .forward(
            received(inputs), own, training, context.step(), microBatch, before, slot.memory());
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

  @Override
  public void endWith(FinishedGradients listener) {
    told = Optional.of(listener);
  }

  private Tensors backpropagate(int microBatch, Tensors outputGradients) {
    Slot slot = spec.recompute() == Recompute.STAGE ? again(microBatch) : resume(microBatch);
    Replica replica = slot.replica();
    examples += replica.examples();
    Map<String, INDArray> incoming = changeable(outputGradients);
    Tensors result = Tensors.none();
    if (!incoming.isEmpty() || !slice.outputs().isEmpty()) {
      boolean inPieces = gradients != null && told.isPresent();
      IntConsumer passed =
          inPieces
              ? layer -> gradients.addLast(layer, microBatch, replica.examples(), told.get())
              : layer -> {};
      result =
          outgoing(replica.backward(incoming, context.step(), microBatch, slot.memory(), passed));
      if (gradients != null && !inPieces) {
        gradients.add(microBatch, replica.examples());
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
    Map<String, INDArray> incoming = changeable(outputGradients);
    if (!incoming.isEmpty() || !slice.outputs().isEmpty()) {
      result =
          outgoing(
              replica.backwardInput(incoming, context.step(), microBatch, slot.memory(), layers));
      gradients.addWithout(layers.keySet(), microBatch, replica.examples());
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
      secondHalf(half, microBatch);
      release(half.slot());
      free.add(half.slot());
    } finally {
      Nd4j.getMemoryManager().setCurrentWorkspace(outer);
    }
  }

  /** The layers in the order of a backward pass. Those that were not split are final before. */
  private void secondHalf(OpenHalf half, int microBatch) {
    for (int layer = slice.nodes().size() - 1; layer >= 0; layer--) {
      DenseHalves.Open dense = half.layers().get(layer);
      if (dense != null) {
        half.slot().replica().backwardWeights(dense);
        gradients.addLayer(layer, microBatch);
      }
      if (told.isPresent()) {
        gradients.end(layer, told.get());
      }
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
    slot.heads().values().forEach(head -> head.setLabels(inputs));
    return slot;
  }

  /** Copies in the slot's memory: layers change the gradients that they are given. */
  private Map<String, INDArray> changeable(Tensors outputGradients) {
    Map<String, INDArray> copies = new LinkedHashMap<>();
    Boundary.gradientsIn(outputGradients, slice.sent())
        .forEach(
            (name, gradient) ->
                copies.put(
                    name,
                    gradient.dataType() == type
                        ? gradient.dup(gradient.ordering())
                        : gradient.castTo(type)));
    return copies;
  }

  private static Tensors outgoing(Map<String, INDArray> gradients) {
    Map<String, INDArray> named = new LinkedHashMap<>();
    gradients.forEach((node, gradient) -> named.put(Boundary.gradients(node), gradient));
    return named.isEmpty() ? Tensors.none() : Tensors.of(named);
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
    sequences.close();
    memory.close();
    if (gradients != null) {
      gradients.close();
    }
    if (parameters.closeable()) {
      parameters.close();
    }
  }
}
