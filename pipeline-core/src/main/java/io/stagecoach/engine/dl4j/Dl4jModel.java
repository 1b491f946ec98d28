package io.stagecoach.engine.dl4j;

import java.util.List;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A DL4J network's configuration as what can be cut: its nodes in a fixed order, in which no node
 * reads a later one. Stages are contiguous runs of it, and so are their parameters of the model's
 * flat vector.
 */
public sealed interface Dl4jModel permits LayersModel, GraphModel {

  /**
   * Reads a configuration of either kind and checks that it can be cut.
   *
   * @param json what {@code toJson()} of DL4J's configuration gives
   * @throws io.stagecoach.error.StagecoachException MODEL if it is none, or holds what cannot be
   *     cut
   */
  static Dl4jModel parse(String json) {
    return SupportCheck.parse(json);
  }

  /** The configuration in DL4J's form. */
  String json();

  /** The type of weights and activations. */
  DataType dataType();

  /** Whether sequences are trained in segments (truncated back-propagation through time). */
  boolean isTruncated();

  /** How many time steps a segment has. */
  int segmentLength();

  /** What goes into the network, by name, in DL4J's order. */
  List<String> inputs();

  /** The nodes with a loss, by name, in DL4J's order. */
  List<String> outputs();

  /** All nodes, in the order in which they can be cut. */
  List<ModelNode> nodes();

  /**
   * The inputs of the model whose length or mask a node reads beside what flows into it, as DL4J's
   * vertices for sequences do.
   */
  Set<String> alsoReads(ModelNode node);
}
