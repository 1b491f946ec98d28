package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.data.ModelShape.Output;
import java.util.List;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;

/** What the data must know of a DL4J network. */
final class ModelShapes {

  private ModelShapes() {}

  static ModelShape of(MultiLayerConfiguration network) {
    Layer last = network.getConf(network.getConfs().size() - 1).getLayer();
    boolean classes =
        last instanceof BaseLayer layer && layer.getActivationFn() instanceof ActivationSoftmax;
    return new ModelShape(
        input(LayerCosts.features(network, ModelShape.ANY)),
        outputs(network),
        classes ? Output.CLASSES : Output.VALUES,
        last instanceof RnnOutputLayer || last instanceof RnnLossLayer,
        network.getConf(0).getDataType());
  }

  private static List<Integer> input(InputType type) {
    if (type instanceof InputType.InputTypeRecurrent recurrent) {
      return List.of((int) recurrent.getSize(), (int) recurrent.getTimeSeriesLength());
    }
    if (type instanceof InputType.InputTypeConvolutional images) {
      return List.of((int) images.getChannels(), (int) images.getHeight(), (int) images.getWidth());
    }
    if (type instanceof InputType.InputTypeConvolutional3D volumes) {
      return List.of(
          (int) volumes.getChannels(),
          (int) volumes.getDepth(),
          (int) volumes.getHeight(),
          (int) volumes.getWidth());
    }
    return List.of((int) type.arrayElementsPerExample());
  }

  /** The width of the last layer that says one: layers without parameters keep what they get. */
  private static int outputs(MultiLayerConfiguration network) {
    for (int i = network.getConfs().size() - 1; i >= 0; i--) {
      if (network.getConf(i).getLayer() instanceof FeedForwardLayer layer && layer.getNOut() > 0) {
        return (int) layer.getNOut();
      }
    }
    throw new StagecoachException(
        ErrorKind.MODEL,
        "No layer of the network says how many outputs it has",
        "Set nOut of the output layer.");
  }
}
