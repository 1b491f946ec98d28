package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The arithmetic of a transformer block: a = x + drop(attention(norm(x; g1, c1))), y = a +
 * drop(feedForward(norm(a; g2, c2))). Attention is causal: a position attends to itself and those
 * before it, with probabilities softmax(q·k / √headWidth). The feed-forward layer's activation is
 * GELU in its tanh form. Norms have ε = {@link LayerNorm#EPSILON}.
 *
 * <p>Implementations have no state: several passes are in flight at once.
 */
public interface BlockMath {

  /** A forward pass with what its backward pass needs. */
  interface Pass {

    /**
     * The gradients. Runs once at most; the weights are those that forward read.
     *
     * @param outputGradient [examples, time, width] of what forward gave; may be changed
     * @param inputGradient the same shape; written
     * @param gradients written, not added to
     * @param memory of this backward pass; only {@link Memory#scratch} may be asked
     */
    void backward(
        INDArray outputGradient, INDArray inputGradient, BlockWeights gradients, Memory memory);
  }

  /**
   * Runs forward.
   *
   * @param x [examples, time, width], contiguous in c order; not changed, and valid unchanged until
   *     backward is over
   * @param y the same shape; written
   * @param dropouts applied where they are active
   * @param memory of this forward pass
   */
  Pass forward(
      BlockShape shape,
      BlockWeights weights,
      INDArray x,
      INDArray y,
      BlockDropouts dropouts,
      Memory memory);
}
