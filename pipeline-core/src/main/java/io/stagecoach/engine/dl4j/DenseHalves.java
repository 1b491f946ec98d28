package io.stagecoach.engine.dl4j;

import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The backward pass of dense layers in two halves, each with the very operations of DL4J's {@code
 * BaseLayer.backpropGradient}, so that nothing differs by a bit. With z = xW + b, a = σ(z) and ε
 * the gradient of a: first δ = ε ∘ σ'(z) and the gradient of the input, δWᵀ; then those of W, xᵀδ,
 * and of b, the sum of δ over rows.
 */
final class DenseHalves {

  private static final String WEIGHTS = DefaultParamInitializer.WEIGHT_KEY;
  private static final String BIAS = DefaultParamInitializer.BIAS_KEY;

  private final Map<Layer, Map<String, INDArray>> gradients = new HashMap<>();

  /** What the second half needs: δ, in the memory of its micro-batch. */
  record Open(Layer layer, INDArray delta) {}

  /**
   * What the first half gives.
   *
   * @param inputGradient δWᵀ
   * @param open what is left for the second half
   */
  record Half(INDArray inputGradient, Open open) {}

  /** Whether a layer's pass can be split: a plain dense layer, by its configuration. */
  static boolean splits(Layer layer) {
    return layer.getClass() == DenseLayer.class
        && layer.conf().getLayer()
            instanceof org.deeplearning4j.nn.conf.layers.DenseLayer configured
        && configured.getIDropout() == null
        && configured.getWeightNoise() == null
        && !configured.hasLayerNorm();
  }

  /** Whether it can be split for the micro-batch that the layer has seen: without a mask. */
  static boolean splitsNow(Layer layer) {
    return splits(layer) && layer.getMaskArray() == null;
  }

  /** The first half; {@code epsilon} may be changed. */
  Half first(Layer layer, INDArray epsilon, LayerWorkspaceMgr memory) {
    org.deeplearning4j.nn.conf.layers.DenseLayer configured =
        (org.deeplearning4j.nn.conf.layers.DenseLayer) layer.conf().getLayer();
    INDArray weights = layer.getParam(WEIGHTS);
    INDArray input = layer.input().castTo(weights.dataType());
    INDArray z =
        memory.createUninitialized(
            ArrayType.ACTIVATIONS, weights.dataType(), input.size(0), weights.size(1));
    input.mmuli(weights, z);
    if (configured.hasBias()) {
      z.addiRowVector(layer.getParam(BIAS));
    }
    INDArray delta = configured.getActivationFn().backprop(z, epsilon).getFirst();
    INDArray next =
        memory.createUninitialized(
            ArrayType.ACTIVATION_GRAD,
            delta.dataType(),
            new long[] {weights.size(0), delta.size(0)},
            'f');
    INDArray inputGradient = weights.mmuli(delta.transpose(), next).transpose();
    return new Half(
        inputGradient, new Open(layer, memory.dup(ArrayType.INPUT, delta, delta.ordering())));
  }

  /** The second half: the layer's gradients are then where it writes them. */
  void second(Open open) {
    Layer layer = open.layer();
    Map<String, INDArray> into =
        gradients.computeIfAbsent(
            layer,
            l ->
                DefaultParamInitializer.getInstance()
                    .getGradientsFromFlattened(l.conf(), l.getGradientsViewArray()));
    INDArray bias = into.get(BIAS);
    if (bias != null) {
      open.delta().sum(bias, 0);
    }
    INDArray weights = into.get(WEIGHTS);
    Nd4j.gemm(
        layer.input().castTo(weights.dataType()), open.delta(), weights, true, false, 1.0, 0.0);
  }
}
