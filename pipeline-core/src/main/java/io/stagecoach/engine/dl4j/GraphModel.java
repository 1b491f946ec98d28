package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A {@code ComputationGraph}: every vertex is a node. Their order is DL4J's topological order, in
 * which DL4J also lays out the parameters.
 *
 * @param configuration DL4J's own, which holds the order; not changed
 */
public record GraphModel(ComputationGraphConfiguration configuration) implements Dl4jModel {

  /** Fixes the order where the configuration does not say it: DL4J notes it in there. */
  public GraphModel {
    if (configuration.getTopologicalOrderStr() == null
        || configuration.getTopologicalOrder() == null) {
      new ComputationGraph(configuration).topologicalSortOrder();
    }
  }

  @Override
  public String json() {
    return configuration.toJson();
  }

  @Override
  public DataType dataType() {
    return configuration.getDataType();
  }

  @Override
  public boolean isTruncated() {
    return configuration.getBackpropType() == BackpropType.TruncatedBPTT;
  }

  @Override
  public int segmentLength() {
    return configuration.getTbpttFwdLength();
  }

  @Override
  public List<String> inputs() {
    return configuration.getNetworkInputs();
  }

  @Override
  public List<String> outputs() {
    return configuration.getNetworkOutputs();
  }

  @Override
  public List<ModelNode> nodes() {
    List<ModelNode> nodes = new ArrayList<>();
    for (String name : configuration.getTopologicalOrderStr()) {
      GraphVertex vertex = configuration.getVertices().get(name);
      if (vertex != null) {
        nodes.add(new ModelNode(name, configuration.getVertexInputs().get(name), content(vertex)));
      }
    }
    return nodes;
  }

  private static ModelNode.Content content(GraphVertex vertex) {
    return vertex instanceof LayerVertex layer
        ? new ModelNode.Layered(layer.getLayerConf(), Optional.ofNullable(layer.getPreProcessor()))
        : new ModelNode.Operation(vertex);
  }

  @Override
  public Set<String> alsoReads(ModelNode node) {
    Set<String> names = new HashSet<>();
    if (node.content() instanceof ModelNode.Operation operation) {
      GraphVertex vertex = operation.vertex();
      while (vertex instanceof FrozenVertex frozen) {
        vertex = frozen.getUnderlying();
      }
      if (vertex instanceof DuplicateToTimeSeriesVertex duplicate) {
        names.add(duplicate.getInputName());
      } else if (vertex instanceof LastTimeStepVertex last) {
        names.add(last.getMaskArrayInputName());
      } else if (vertex instanceof ReverseTimeSeriesVertex reverse) {
        names.add(reverse.getMaskArrayInputName());
      }
    }
    names.remove(null);
    return names;
  }
}
