package io.stagecoach.engine.dl4j;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/** How many numbers DL4J's updaters keep of a layer's parameters, from its configuration alone. */
final class LayerUpdaterState {

  private LayerUpdaterState() {}

  /**
   * The numbers.
   *
   * @param parameters how many parameters the layer has
   */
  static long of(NeuralNetConfiguration configuration, long parameters) {
    if (parameters == 0) {
      return 0;
    }
    Layer layer = configuration.getLayer();
    Layer updated = unwrapped(layer);
    List<IUpdater> updaters =
        layer.initializer().paramKeys(layer).stream()
            .map(updated::getUpdaterByParam)
            .distinct()
            .toList();
    if (updaters.size() == 1) {
      return of(updaters.get(0), parameters);
    }
    // Biases, or a batch norm's statistics, have another: DL4J tells sizes by views only.
    try (INDArray flat = Nd4j.createUninitialized(DataType.FLOAT, 1, parameters)) {
      long state = 0;
      for (Map.Entry<String, INDArray> view :
          layer.initializer().getGradientsFromFlattened(configuration, flat).entrySet()) {
        state += of(updated.getUpdaterByParam(view.getKey()), view.getValue().length());
      }
      return state;
    }
  }

  /** What wraps a layer, such as to take its last time step, knows nothing of its updater. */
  private static Layer unwrapped(Layer layer) {
    return layer instanceof BaseWrapperLayer wrapper ? unwrapped(wrapper.getUnderlying()) : layer;
  }

  /** Frozen layers have none. */
  private static long of(IUpdater updater, long parameters) {
    return updater == null ? 0 : updater.stateSize(parameters);
  }
}
