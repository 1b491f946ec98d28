package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Some of the vertices of a {@code ComputationGraph}. */
final class GraphNetwork implements StageNetwork {

  private final Graph graph;
  private final List<StageNode> nodes = new ArrayList<>();

  GraphNetwork(GraphModel model, StageSlice slice, Optional<INDArray> row, RandomKey key) {
    ComputationGraphConfiguration configuration = StageConfiguration.slice(model.json(), slice);
    for (int i = 0; i < slice.nodes().size(); i++) {
      String name = slice.nodes().get(i).name();
      if (configuration.getVertices().get(name)
          instanceof org.deeplearning4j.nn.conf.graph.LayerVertex vertex) {
        KeyedRandomness.install(vertex.getLayerConf().getLayer(), slice.first() + i, key);
        if (slice.outputs().contains(name)) {
          OutputHead.install(vertex.getLayerConf().getLayer());
        }
      }
    }
    graph = new Graph(configuration);
    graph.init(row.orElse(null), false);
    Map<String, Integer> readers = slice.readers();
    for (ModelNode node : slice.nodes()) {
      GraphVertex vertex = graph.getVertex(node.name());
      nodes.add(
          node.content() instanceof ModelNode.Layered layered
              ? new LayerNode(
                  vertex.getLayer(),
                  layered.preProcessor(),
                  model.isTruncated(),
                  input(slice, node, readers.get(node.inputs().get(0))))
              : new OperationNode(vertex));
    }
  }

  /** A layer owns what another layer of this stage wrote for it alone; vertices may give views. */
  private static LayerNode.Input input(StageSlice slice, ModelNode node, int readers) {
    boolean fromLayer =
        slice.nodes().stream()
            .anyMatch(n -> n.name().equals(node.inputs().get(0)) && n.layer().isPresent());
    if (!fromLayer || readers > 1) {
      return LayerNode.Input.SHARED;
    }
    return slice.outputs().contains(node.name()) ? LayerNode.Input.KEPT : LayerNode.Input.OWNED;
  }

  @Override
  public List<StageNode> nodes() {
    return nodes;
  }

  @Override
  public INDArray parameters() {
    return graph.params();
  }

  @Override
  public void writeGradientsTo(INDArray scratch) {
    graph.setBackpropGradientsViewArray(scratch);
  }

  @Override
  public void setInputs(Map<String, Activations> inputs) {
    graph.own = inputs;
  }

  /** Shows its vertices inputs that it does not hold itself. */
  private static final class Graph extends ComputationGraph {

    private static final long serialVersionUID = 1L;

    private transient Map<String, Activations> own = Map.of();

    Graph(ComputationGraphConfiguration configuration) {
      super(configuration);
    }

    @Override
    public INDArray getInput(int index) {
      return own.get(configuration.getNetworkInputs().get(index)).array();
    }

    @Override
    public INDArray[] getInputMaskArrays() {
      return configuration.getNetworkInputs().stream()
          .map(name -> own.containsKey(name) ? own.get(name).mask() : null)
          .toArray(INDArray[]::new);
    }
  }
}
