package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A {@code MultiLayerNetwork}. */
record WholeLayers(MultiLayerNetwork network) implements WholeNetwork {

  @Override
  public Dl4jModel model() {
    return new LayersModel(network.getLayerWiseConfigurations());
  }

  @Override
  public ParameterLayout layout() {
    List<String> names =
        IntStream.range(0, network.getnLayers()).mapToObj(Integer::toString).toList();
    return Layouts.of(names, List.of(network.getLayers()));
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
    return (BaseMultiLayerUpdater<?>) network.getUpdater();
  }

  @Override
  public void change(OptimizerChange optimizer) {
    optimizer.apply(network.getLayerWiseConfigurations());
    network.setUpdater(new MultiLayerUpdater(network));
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
    network.setIterationCount(iterations);
  }

  @Override
  public void setEpochs(int epochs) {
    network.setEpochCount(epochs);
  }
}
