package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A {@code ComputationGraph}. */
record WholeGraph(ComputationGraph network) implements WholeNetwork {

  @Override
  public Dl4jModel model() {
    return new GraphModel(network.getConfiguration());
  }

  @Override
  public ParameterLayout layout() {
    List<String> names = model().nodes().stream().map(ModelNode::name).toList();
    return Layouts.of(names, names.stream().map(network::getVertex).toList());
  }

  @Override
  public INDArray gradients() {
    if (network.getFlattenedGradients() == null) {
      network.initGradientsView();
    }
    return network.getFlattenedGradients();
  }

  @Override
  public BaseMultiLayerUpdater<?> updater() {
    return network.getUpdater();
  }

  @Override
  public void change(OptimizerChange optimizer) {
    optimizer.apply(network.getConfiguration());
    network.setUpdater(new ComputationGraphUpdater(network));
  }

  @Override
  public int iterations() {
    return network.getIterationCount();
  }

  @Override
  public int epochs() {
    return network.getEpochCount();
  }

  @Override
  public void setIterations(int iterations) {
    network.getConfiguration().setIterationCount(iterations);
  }

  @Override
  public void setEpochs(int epochs) {
    network.getConfiguration().setEpochCount(epochs);
  }
}
