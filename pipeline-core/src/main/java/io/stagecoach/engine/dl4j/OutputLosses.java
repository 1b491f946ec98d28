package io.stagecoach.engine.dl4j;

import java.util.Optional;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/** The loss function of an output layer's configuration, in whichever class DL4J keeps it. */
final class OutputLosses {

  private OutputLosses() {}

  /** What the user has configured; empty for layers whose loss is of another kind. */
  static Optional<ILossFunction> find(Layer output) {
    return installed(output)
        .map(loss -> loss instanceof WeightedLoss weighted ? weighted.original() : loss);
  }

  /** The loss with weights, which takes the place of the user's own; empty as {@link #find}. */
  static Optional<WeightedLoss> weighted(Layer output) {
    return installed(output)
        .map(
            loss -> {
              if (loss instanceof WeightedLoss weighted) {
                return weighted;
              }
              WeightedLoss weighted = new WeightedLoss(loss);
              install(output, weighted);
              return weighted;
            });
  }

  private static Optional<ILossFunction> installed(Layer output) {
    if (output instanceof BaseOutputLayer layer) {
      return Optional.of(layer.getLossFn());
    }
    if (output instanceof LossLayer layer) {
      return Optional.of(layer.getLossFn());
    }
    return output instanceof RnnLossLayer layer ? Optional.of(layer.getLossFn()) : Optional.empty();
  }

  private static void install(Layer output, ILossFunction loss) {
    if (output instanceof BaseOutputLayer layer) {
      layer.setLossFn(loss);
    } else if (output instanceof LossLayer layer) {
      layer.setLossFn(loss);
    } else if (output instanceof RnnLossLayer layer) {
      layer.setLossFn(loss);
    }
  }
}
