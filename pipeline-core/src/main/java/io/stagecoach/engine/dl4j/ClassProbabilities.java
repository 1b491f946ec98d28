package io.stagecoach.engine.dl4j;

import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/**
 * Whether an output of a network says how probable classes are. A cross entropy is the logarithm of
 * probabilities: where a loss layer has no activation of its own, as those of the Keras import,
 * what it reads already is some.
 */
public final class ClassProbabilities {

  private ClassProbabilities() {}

  /** A share for each class, which add up to 1. */
  public static boolean areDistribution(Layer output) {
    return output instanceof BaseLayer layer
        && (layer.getActivationFn() instanceof ActivationSoftmax
            || (isLossAlone(layer) && hasLoss(layer, LossMCXENT.class)));
  }

  /** How probable the second of two classes is. */
  static boolean areOfSecondClass(Layer output) {
    return output instanceof BaseLayer layer
        && hasLoss(layer, LossBinaryXENT.class)
        && (layer.getActivationFn() instanceof ActivationSigmoid || isLossAlone(layer));
  }

  private static boolean isLossAlone(BaseLayer layer) {
    return layer.getActivationFn() instanceof ActivationIdentity
        && (layer instanceof LossLayer || layer instanceof RnnLossLayer);
  }

  private static boolean hasLoss(BaseLayer layer, Class<? extends ILossFunction> kind) {
    return OutputLosses.find(layer).filter(kind::isInstance).isPresent();
  }
}
