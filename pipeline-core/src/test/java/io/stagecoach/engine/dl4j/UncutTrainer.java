package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The reference: plain DL4J training of the uncut network on one machine, which accumulates the
 * same micro-batches in ascending order, with the same keyed random masks and DL4J's own updater.
 * Nothing of it goes through the engine's own forward, backward or update.
 */
public final class UncutTrainer implements AutoCloseable {

  private final MultiLayerNetwork network;
  private final ParameterLayout layout;
  private final RandomKey key;
  private INDArray sum;

  /**
   * @param json the configuration, whose seed draws the weights
   * @param seed what random masks are keyed by
   */
  public UncutTrainer(String json, long seed) {
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(json);
    key = new RandomKey(seed);
    KeyedRandomness.install(configuration, 0, key);
    network = new MultiLayerNetwork(configuration);
    network.init();
    network.initGradientsView();
    layout = Layouts.of(network.getLayers(), 0);
  }

  /** The network, live. */
  public MultiLayerNetwork network() {
    return network;
  }

  /** The weights, live, rank 1. */
  public INDArray parameters() {
    return network.params().reshape(network.numParams());
  }

  /**
   * One weight update.
   *
   * @param microBatches the columns of each micro-batch
   * @return the loss, summed over examples, without regularisation
   */
  public double step(List<Tensors> microBatches, long step, int epoch) {
    network.setIterationCount((int) step);
    network.setEpochCount(epoch);
    // DL4J leaves the last update in the gradient of layers below a frozen one, and with L1 or L2
    // feeds it to the updater again; a gradient that is not computed is zero.
    network.getFlattenedGradients().assign(0);
    double regularization = network.calcRegularizationScore(true);
    double loss = 0;
    long examples = 0;
    Gradient gradient = null;
    for (int m = 0; m < microBatches.size(); m++) {
      Tensors columns = microBatches.get(m);
      int rows = (int) columns.get(Columns.FEATURES).size(0);
      examples += rows;
      key.at(step, m);
      network.clearLayerMaskArrays();
      network.setInput(own(columns, Columns.FEATURES).orElseThrow());
      network.setLabels(own(columns, Columns.LABELS).orElseThrow());
      network.setLayerMaskArrays(
          own(columns, Columns.FEATURES_MASK).orElse(null),
          own(columns, Columns.LABELS_MASK).orElse(null));
      network.computeGradientAndScore();
      loss += (network.score() - regularization) * rows;
      gradient = network.gradient();
      add(gradient.gradient().reshape(layout.length()), rows, m == 0);
      network.clearLayerMaskArrays();
    }
    statistics(sum).forEach(average(examples));
    gradient.gradient().reshape(layout.length()).assign(sum);
    network
        .getUpdater()
        .update(
            network,
            gradient,
            (int) step,
            epoch,
            Math.toIntExact(examples),
            LayerWorkspaceMgr.noWorkspaces());
    parameters().subi(gradient.gradient().reshape(layout.length()));
    network.setIterationCount((int) step + 1);
    network.applyConstraints((int) step + 1, epoch);
    return loss;
  }

  private static java.util.function.Consumer<INDArray> average(long examples) {
    return statistic -> statistic.divi(examples);
  }

  private Optional<INDArray> own(Tensors columns, String name) {
    return columns
        .find(name)
        .map(
            array ->
                array.isZ()
                    ? array.dup()
                    : array.castTo(network.getLayerWiseConfigurations().getDataType()).dup());
  }

  private void add(INDArray gradient, int rows, boolean first) {
    statistics(gradient).forEach(statistic -> statistic.muli(rows));
    if (first) {
      sum = gradient.dup();
    } else {
      sum.addi(gradient);
    }
  }

  private List<INDArray> statistics(INDArray flat) {
    return layout.views().stream()
        .filter(view -> view.kind() == Kind.STATISTIC)
        .map((View v) -> flat.get(NDArrayIndex.interval(v.offset(), v.offset() + v.length())))
        .toList();
  }

  @Override
  public void close() {
    network.params().close();
  }
}
