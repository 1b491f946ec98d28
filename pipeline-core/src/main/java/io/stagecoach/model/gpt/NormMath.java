package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The arithmetic of a layer norm: each row to mean 0 and variance 1, then gain and bias. */
public interface NormMath {

  /** A forward pass with what its backward pass needs. */
  interface Pass {

    /**
     * The gradients. Runs once at most.
     *
     * @param outputGradient of what forward gave, in its shape; may be changed
     * @param inputGradient the same shape; written
     * @param gainGradient [width]; written
     * @param biasGradient [width]; written
     * @param memory of this backward pass; only {@link Memory#scratch} may be asked
     */
    void backward(
        INDArray outputGradient,
        INDArray inputGradient,
        INDArray gainGradient,
        INDArray biasGradient,
        Memory memory);
  }

  /**
   * Runs forward.
   *
   * @param x [rows, width], contiguous in c order; valid unchanged until backward is over
   * @param gain [width]
   * @param bias [width]
   * @param y [rows, width]; written
   */
  Pass forward(INDArray x, INDArray gain, INDArray bias, INDArray y, Memory memory);
}
