package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One set of a stage's nodes: what one micro-batch in flight needs. Replicas of a stage share
 * weights and the gradient scratch. Walks the nodes as DL4J's networks do.
 */
@SuppressWarnings("try") // DL4J's memory scopes are resources that no one needs to name.
final class Replica {

  private final StageSlice slice;
  private final StageNetwork network;
  private final List<StageNode> nodes;
  private final boolean truncated;
  private final RandomKey key;
  private final DenseHalves halves = new DenseHalves();
  private int examples;

  /**
   * @param model the whole model
   * @param slice the stage's part of it
   * @param parameters the stage's weights, rank 1, shared; none to make them anew
   * @param key what random masks are keyed by
   */
  Replica(Dl4jModel model, StageSlice slice, Optional<INDArray> parameters, RandomKey key) {
    this.slice = slice;
    this.network = StageNetwork.of(model, slice, parameters, key);
    this.nodes = network.nodes();
    this.truncated = model.isTruncated();
    this.key = key;
  }

  /** What holds the parameters, node by node. */
  List<Trainable> trainables() {
    return nodes.stream().map(StageNode::trainable).toList();
  }

  /** The layer with the loss of an output. */
  Layer outputLayer(String output) {
    return nodes.get(position(output)).outputLayer();
  }

  private int position(String name) {
    return slice.nodes().stream().map(ModelNode::name).toList().indexOf(name);
  }

  /** All weights, rank 1; only if there are any. */
  INDArray parameters() {
    INDArray row = network.parameters();
    return row.reshape(row.length());
  }

  void writeGradientsTo(INDArray scratch) {
    network.writeGradientsTo(scratch);
  }

  /** Tells the nodes where schedules stand. */
  void setCounts(long step, int epoch) {
    nodes.forEach(node -> node.setCounts(step, epoch));
  }

  /** The penalty at the present weights. */
  double regularization() {
    double sum = 0;
    for (StageNode node : nodes) {
      sum += node.regularization();
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
   * Runs forward through all nodes but outputs, whose input it sets.
   *
   * @param received what the stage before sent; not changed
   * @param inputs the model's inputs that this stage reads; not changed
   * @param before the recurrent state to start from, node by node, if this is a time segment
   * @return what the stage after gets, still in this replica's memory
   */
  Boundary forward(
      Boundary received,
      Map<String, Activations> inputs,
      boolean training,
      long step,
      int microBatch,
      List<Map<String, INDArray>> before,
      StageMemory.Slot slot) {
    key.at(step, microBatch);
    examples = received.examples();
    nodes.forEach(node -> node.begin(examples));
    network.setInputs(inputs);
    setState(before);
    Map<String, Activations> known = new HashMap<>(received.activations());
    known.putAll(inputs);
    List<Pair<INDArray, MaskState>> masks = passMasks(known);
    LayerWorkspaceMgr memory = slot.forward();
    for (int i = 0; i < nodes.size(); i++) {
      ModelNode described = slice.nodes().get(i);
      List<INDArray> read =
          described.inputs().stream().map(name -> known.get(name).array()).toList();
      try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
        if (slice.outputs().contains(described.name())) {
          ((LayerNode) nodes.get(i)).setInput(read.get(0), memory);
        } else {
          INDArray given = nodes.get(i).forward(read, training, memory);
          known.put(described.name(), withMask(given, masks.get(i)));
        }
      }
    }
    Map<String, Activations> sent = new LinkedHashMap<>();
    slice.sent().forEach(name -> sent.put(name, known.get(name)));
    return new Boundary(sent, examples);
  }

  /**
   * Runs forward on the positions that are new of sequences whose past is kept.
   *
   * @param received what the stage before sent; not changed
   * @param inputs the model's inputs that this stage reads; not changed
   * @param kept of each node, what it keeps of these sequences
   * @param predictions takes what outputs predict after the last position, by name
   * @return what the stage after gets, still in this replica's memory
   */
  Boundary goOn(
      Boundary received,
      Map<String, Activations> inputs,
      List<NodeMemory> kept,
      Map<String, INDArray> predictions,
      StageMemory.Slot slot) {
    examples = received.examples();
    nodes.forEach(node -> node.begin(examples));
    network.setInputs(inputs);
    Map<String, Activations> known = new HashMap<>(received.activations());
    known.putAll(inputs);
    LayerWorkspaceMgr memory = slot.forward();
    for (int i = 0; i < nodes.size(); i++) {
      ModelNode described = slice.nodes().get(i);
      List<INDArray> read =
          described.inputs().stream().map(name -> known.get(name).array()).toList();
      try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
        if (slice.outputs().contains(described.name())) {
          INDArray predicted = ((LayerNode) nodes.get(i)).predictNext(read.get(0), memory);
          predictions.put(described.name(), OwnedArrays.copy(predicted));
        } else {
          INDArray given =
              nodes.get(i) instanceof LayerNode layer
                  ? layer.goOn(described.name(), read.get(0), kept.get(i), memory)
                  : nodes.get(i).forward(read, false, memory);
          // What a layer gave in its working memory is gone with that.
          known.put(
              described.name(),
              new Activations(memory.leverageTo(ArrayType.ACTIVATIONS, given), null, null));
        }
      }
    }
    Map<String, Activations> sent = new LinkedHashMap<>();
    slice.sent().forEach(name -> sent.put(name, known.get(name)));
    return new Boundary(sent, examples);
  }

  private static Activations withMask(INDArray array, Pair<INDArray, MaskState> mask) {
    return mask == null || mask.getFirst() == null
        ? new Activations(array, null, null)
        : new Activations(array, mask.getFirst(), mask.getSecond());
  }

  /** The masks of what the nodes give, in order. */
  private List<Pair<INDArray, MaskState>> passMasks(Map<String, Activations> outside) {
    Map<String, Pair<INDArray, MaskState>> known = new HashMap<>();
    outside.forEach((name, value) -> known.put(name, new Pair<>(value.mask(), value.maskState())));
    List<Pair<INDArray, MaskState>> all = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      List<INDArray> masks = new ArrayList<>();
      MaskState state = null;
      for (String input : slice.nodes().get(i).inputs()) {
        Pair<INDArray, MaskState> mask = known.get(input);
        masks.add(mask == null ? null : mask.getFirst());
        if (mask != null && mask.getFirst() != null && state != MaskState.Active) {
          state = mask.getSecond();
        }
      }
      Pair<INDArray, MaskState> given = nodes.get(i).passMasks(masks, state);
      known.put(slice.nodes().get(i).name(), given);
      all.add(given);
    }
    return all;
  }

  private void setState(List<Map<String, INDArray>> before) {
    for (int i = 0; truncated && i < nodes.size(); i++) {
      if (nodes.get(i) instanceof LayerNode layer) {
        layer.setState(before.isEmpty() ? Map.of() : before.get(i));
      }
    }
  }

  /** The recurrent state after {@link #forward}, node by node, copied. */
  List<Map<String, INDArray>> stateAfter() {
    List<Map<String, INDArray>> all = new ArrayList<>();
    for (StageNode node : nodes) {
      all.add(node instanceof LayerNode layer ? layer.stateAfter() : Map.of());
    }
    return all;
  }

  /**
   * Runs backward; the gradients of the weights are then in the scratch.
   *
   * @param sent the gradients of what {@link #forward} gave, which this may change, where they flow
   * @param passed hears of each node, the last one first, when its gradients are in the scratch
   * @return the gradients of what was received, for the caller to own, where they flow
   */
  Map<String, INDArray> backward(
      Map<String, INDArray> sent,
      long step,
      int microBatch,
      StageMemory.Slot slot,
      IntConsumer passed) {
    return backward(
        sent,
        step,
        microBatch,
        slot,
        (i, epsilon, memory) -> nodes.get(i).backward(epsilon, memory),
        passed);
  }

  /**
   * Runs the first half of backward: as {@link #backward}, but for the gradients of the layers that
   * can be split, which are left open.
   *
   * @param open takes what is open, by node
   */
  Map<String, INDArray> backwardInput(
      Map<String, INDArray> sent,
      long step,
      int microBatch,
      StageMemory.Slot slot,
      Map<Integer, DenseHalves.Open> open) {
    return backward(
        sent,
        step,
        microBatch,
        slot,
        (i, epsilon, memory) -> {
          if (nodes.get(i) instanceof LayerNode node && DenseHalves.splitsNow(node.layer())) {
            DenseHalves.Half half = halves.first(node.layer(), epsilon, memory);
            open.put(i, half.open());
            return node.beforePreProcessor(half.inputGradient(), memory);
          }
          return nodes.get(i).backward(epsilon, memory);
        },
        i -> {});
  }

  /** Runs the second half of a layer's backward; its gradients are then in the scratch. */
  void backwardWeights(DenseHalves.Open open) {
    halves.second(open);
  }

  /** How a node goes backward: the gradients of its inputs, from that of its output. */
  private interface NodeBackward {
    List<INDArray> run(int node, INDArray epsilon, LayerWorkspaceMgr memory);
  }

  private Map<String, INDArray> backward(
      Map<String, INDArray> sent,
      long step,
      int microBatch,
      StageMemory.Slot slot,
      NodeBackward nodeBackward,
      IntConsumer passed) {
    key.at(step, microBatch);
    try (GradientScopes gradients = new GradientScopes(slot, sent)) {
      for (int i = nodes.size() - 1; i >= 0; i--) {
        ModelNode described = slice.nodes().get(i);
        INDArray epsilon = gradients.of(described.name());
        boolean flows = epsilon != null || slice.outputs().contains(described.name());
        if (flows && !nodes.get(i).isFrozen()) {
          int place = gradients.enter();
          List<INDArray> given;
          LayerWorkspaceMgr memory = gradients.memory(place);
          try (MemoryWorkspace working = memory.notifyScopeEntered(ArrayType.BP_WORKING_MEM)) {
            working.setPreviousWorkspace(slot.workspace());
            given = nodeBackward.run(i, epsilon, memory);
          }
          handDown(described, given, gradients, place);
          gradients.leave(place);
        }
        gradients.done(described.name());
        passed.accept(i);
      }
      Map<String, INDArray> received = new LinkedHashMap<>();
      for (String name : slice.received()) {
        if (gradients.of(name) != null) {
          received.put(name, OwnedArrays.copy(gradients.of(name)));
        }
      }
      return received;
    }
  }

  private void handDown(ModelNode node, List<INDArray> given, GradientScopes gradients, int place) {
    for (int j = 0; j < given.size(); j++) {
      String input = node.inputs().get(j);
      if (given.get(j) != null && !slice.inputs().contains(input)) {
        gradients.add(input, given.get(j), place);
      }
    }
  }

  /** Lets go of a micro-batch's arrays. */
  void clear() {
    nodes.forEach(StageNode::clear);
  }
}
