package io.stagecoach.engine.dl4j;

import org.deeplearning4j.nn.api.MaskState;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a node gives, or an input of the model.
 *
 * @param array the values
 * @param mask the mask that goes with them, or null
 * @param maskState whether the mask is still to be applied; null without a mask
 */
record Activations(INDArray array, INDArray mask, MaskState maskState) {

  /** The same, with arrays of the network's data type. */
  Activations castTo(DataType type) {
    return new Activations(array.castTo(type), mask == null ? null : mask.castTo(type), maskState);
  }

  /** The same in memory of its own. */
  Activations copy() {
    return new Activations(
        OwnedArrays.copy(array), mask == null ? null : OwnedArrays.copy(mask), maskState);
  }
}
