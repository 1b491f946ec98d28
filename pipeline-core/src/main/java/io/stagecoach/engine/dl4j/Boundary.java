package io.stagecoach.engine.dl4j;

import io.stagecoach.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.MaskState;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What crosses a cut forward.
 *
 * @param activations what the layer before the cut gave
 * @param mask the mask that goes with it, or null
 * @param maskState whether the mask is still to be applied; null without a mask
 * @param examples how many examples there are: not always axis 0 of the activations, which may hold
 *     examples × time steps
 */
record Boundary(INDArray activations, INDArray mask, MaskState maskState, int examples) {

  static final String ACTIVATIONS = "activations";
  static final String MASK = "activations_mask";
  static final String MASK_PASSTHROUGH = "activations_mask_passthrough";
  static final String EXAMPLES = "examples";
  static final String GRADIENTS = "activation_gradients";

  /** Reads what {@link #toTensors} wrote. */
  static Boundary from(Tensors tensors) {
    INDArray activations = tensors.get(ACTIVATIONS);
    INDArray mask = tensors.find(MASK).orElse(null);
    MaskState state = null;
    if (mask != null) {
      state = tensors.find(MASK_PASSTHROUGH).isPresent() ? MaskState.Passthrough : MaskState.Active;
    }
    int examples = tensors.find(EXAMPLES).map(a -> a.getInt(0)).orElse((int) activations.size(0));
    return new Boundary(activations, mask, state, examples);
  }

  /** As named tensors, which own what this holds. */
  Tensors toTensors() {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put(ACTIVATIONS, activations);
    if (mask != null) {
      arrays.put(MASK, mask);
      if (maskState == MaskState.Passthrough) {
        arrays.put(MASK_PASSTHROUGH, OwnedArrays.number(1));
      }
    }
    if (examples != activations.size(0)) {
      arrays.put(EXAMPLES, OwnedArrays.number(examples));
    }
    return Tensors.of(arrays);
  }

  /** The same, with arrays of the network's data type; integer indices stay what they are. */
  Boundary castTo(DataType type, boolean activationsAreIndices) {
    INDArray cast = activationsAreIndices ? activations : activations.castTo(type);
    return new Boundary(cast, mask == null ? null : mask.castTo(type), maskState, examples);
  }
}
