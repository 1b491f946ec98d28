package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The reference for graphs, as {@link UncutTrainer} is for layers: plain DL4J training of the uncut
 * {@code ComputationGraph}, which accumulates the same micro-batches in ascending order, with the
 * same keyed random masks and DL4J's own updater.
 */
public final class UncutGraphTrainer implements AutoCloseable {

  private final ComputationGraph graph;
  private final ParameterLayout layout;
  private final RandomKey key;

  /**
   * @param json the configuration, whose seed draws the weights
   * @param seed what random masks are keyed by
   */
  public UncutGraphTrainer(String json, long seed) {
    ComputationGraphConfiguration configuration = ComputationGraphConfiguration.fromJson(json);
    configuration.setTrainingWorkspaceMode(WorkspaceMode.NONE);
    configuration.setInferenceWorkspaceMode(WorkspaceMode.NONE);
    key = new RandomKey(seed);
    // DL4J notes the order in the configuration.
    new ComputationGraph(configuration).topologicalSortOrder();
    int position = 0;
    for (String name : configuration.getTopologicalOrderStr()) {
      if (configuration.getVertices().get(name) instanceof LayerVertex vertex) {
        KeyedRandomness.install(vertex.getLayerConf().getLayer(), position, key);
      }
      position += configuration.getVertices().containsKey(name) ? 1 : 0;
    }
    graph = new ComputationGraph(configuration);
    graph.init();
    graph.initGradientsView();
    // DL4J lets the last reader of a shared tensor change it, though others need it in backward.
    for (Layer layer : graph.getLayers()) {
      layer.allowInputModification(false);
    }
    layout = new WholeGraph(graph).layout();
  }

  /** How the weights are laid out. */
  ParameterLayout layout() {
    return layout;
  }

  /** The graph, live. */
  public ComputationGraph graph() {
    return graph;
  }

  /** The weights, live, rank 1. */
  public INDArray parameters() {
    return graph.params().reshape(graph.numParams());
  }

  /**
   * One weight update.
   *
   * @param microBatches the columns of each micro-batch
   * @return the losses of all outputs, summed over examples, without regularisation
   */
  public double step(List<Tensors> microBatches, long step, int epoch) {
    graph.getConfiguration().setIterationCount((int) step);
    graph.getConfiguration().setEpochCount(epoch);
    graph.getFlattenedGradients().assign(0);
    double regularization = graph.calcRegularizationScore(true);
    double loss = 0;
    long examples = 0;
    INDArray sum = null;
    List<String> inputs = graph.getConfiguration().getNetworkInputs();
    List<String> outputs = graph.getConfiguration().getNetworkOutputs();
    for (int m = 0; m < microBatches.size(); m++) {
      Tensors columns = microBatches.get(m);
      INDArray[] features = all(columns, Columns.FEATURES, inputs);
      int rows = (int) features[0].size(0);
      examples += rows;
      key.at(step, m);
      graph.clearLayerMaskArrays();
      graph.setInputs(features);
      graph.setLabels(all(columns, Columns.LABELS, outputs));
      INDArray[] masks = all(columns, Columns.FEATURES_MASK, inputs);
      INDArray[] labelMasks = all(columns, Columns.LABELS_MASK, outputs);
      graph.setLayerMaskArrays(masks, labelMasks);
      graph.computeGradientAndScore();
      loss += (graph.score() - regularization) * rows;
      INDArray flat = graph.gradient().gradient().reshape(layout.length());
      statistics(flat).forEach(statistic -> statistic.muli(rows));
      if (sum == null) {
        sum = flat.dup();
      } else {
        sum.addi(flat);
      }
    }
    for (INDArray statistic : statistics(sum)) {
      statistic.divi(examples);
    }
    INDArray flat = graph.gradient().gradient().reshape(layout.length());
    flat.assign(sum);
    graph
        .getUpdater()
        .update(
            graph.gradient(),
            (int) step,
            epoch,
            Math.toIntExact(examples),
            LayerWorkspaceMgr.noWorkspaces());
    parameters().subi(flat);
    graph.getConfiguration().setIterationCount((int) step + 1);
    graph.applyConstraints((int) step + 1, epoch);
    return loss;
  }

  /** A column for each name; null where there is none for any. */
  private static INDArray[] all(Tensors columns, String column, List<String> names) {
    List<INDArray> found = new ArrayList<>();
    boolean any = false;
    for (String name : names) {
      INDArray array = columns.find(names.size() == 1 ? column : column + "." + name).orElse(null);
      any |= array != null;
      found.add(array == null ? null : array.dup());
    }
    return any ? found.toArray(INDArray[]::new) : null;
  }

  private List<INDArray> statistics(INDArray flat) {
    return layout.views().stream()
        .filter(view -> view.kind() == Kind.STATISTIC)
        .map(v -> flat.get(NDArrayIndex.interval(v.offset(), v.offset() + v.length())))
        .toList();
  }

  /** What the outputs predict for the features of a batch, by name. */
  public Map<String, INDArray> predict(Tensors columns) {
    List<String> outputs = graph.getConfiguration().getNetworkOutputs();
    INDArray[] predicted =
        graph.output(all(columns, Columns.FEATURES, graph.getConfiguration().getNetworkInputs()));
    Map<String, INDArray> named = new HashMap<>();
    for (int i = 0; i < predicted.length; i++) {
      named.put(outputs.get(i), predicted[i]);
    }
    return named;
  }

  @Override
  public void close() {
    graph.params().close();
  }
}
