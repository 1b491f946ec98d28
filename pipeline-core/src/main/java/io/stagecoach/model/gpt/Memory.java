package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Where a pass has its arrays from: uninitialized, contiguous, in c order, of the layer's type. */
public interface Memory {

  /** An array that stays valid from the forward pass to the end of the backward pass. */
  INDArray kept(long... shape);

  /** An array that is gone when the present forward or backward pass of the layer is over. */
  INDArray scratch(long... shape);
}
