package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What of a model a stage has: a contiguous run of its nodes, and what crosses its two ends.
 *
 * @param first the position of its first node in the model
 * @param nodes its nodes, in the model's order
 * @param received the tensors that come from the stage before, in the model's order; some of them
 *     only pass through
 * @param sent the tensors that go to the stage after, in the model's order
 * @param inputs the model's inputs that it reads itself, in the model's order
 * @param outputs its nodes with a loss, in the model's order
 */
record StageSlice(
    int first,
    List<ModelNode> nodes,
    List<String> received,
    List<String> sent,
    List<String> inputs,
    List<String> outputs) {

  /**
   * Cuts a stage out of a model.
   *
   * @param first the position of its first node
   * @param end the position after its last
   */
  static StageSlice of(Dl4jModel model, int first, int end) {
    List<ModelNode> all = model.nodes();
    if (first < 0 || first >= end || end > all.size()) {
      throw new IllegalArgumentException("layers " + first + " to " + end + " of " + all.size());
    }
    List<ModelNode> nodes = all.subList(first, end);
    Set<String> read = new HashSet<>();
    for (ModelNode node : nodes) {
      read.addAll(node.inputs());
      read.addAll(model.alsoReads(node));
    }
    Set<String> outputs = new HashSet<>(model.outputs());
    return new StageSlice(
        first,
        List.copyOf(nodes),
        crossing(all, first),
        crossing(all, end),
        model.inputs().stream().filter(read::contains).toList(),
        nodes.stream().map(ModelNode::name).filter(outputs::contains).toList());
  }

  /** The nodes before a cut whose output is read behind it, in the model's order. */
  static List<String> crossing(List<ModelNode> all, int cut) {
    Set<String> readBehind = new LinkedHashSet<>();
    all.subList(cut, all.size()).forEach(node -> readBehind.addAll(node.inputs()));
    return all.subList(0, cut).stream().map(ModelNode::name).filter(readBehind::contains).toList();
  }

  /** How many readers each tensor has in this stage, the next stage counting as one. */
  Map<String, Integer> readers() {
    Map<String, Integer> readers = new HashMap<>();
    List<String> read = new ArrayList<>(sent);
    nodes.forEach(node -> read.addAll(node.inputs()));
    read.forEach(name -> readers.merge(name, 1, Integer::sum));
    return readers;
  }
}
