package io.stagecoach.engine.dl4j;

import io.stagecoach.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.MaskState;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What crosses a cut forward.
 *
 * @param activations what nodes before the cut gave, by their names, in the model's order
 * @param examples how many examples there are: not always axis 0 of the activations, which may hold
 *     examples × time steps
 */
record Boundary(Map<String, Activations> activations, int examples) {

  /** What the output of a model with a single one is called; its nodes' names follow elsewhere. */
  static final String ACTIVATIONS = "activations";

  private static final String MASK = "activations_mask";
  private static final String MASK_PASSTHROUGH = "activations_mask_passthrough";
  private static final String GRADIENTS = "activation_gradients";
  private static final String PREDICTIONS = "predictions";
  private static final String EXAMPLES = "examples";

  /** The name on its way of a node's activations. */
  static String activations(String node) {
    return ACTIVATIONS + "." + node;
  }

  /** The name on its way of the gradient of a node's activations. */
  static String gradients(String node) {
    return GRADIENTS + "." + node;
  }

  /** The name of what an output of a model with several predicts. */
  static String predictions(String node) {
    return PREDICTIONS + "." + node;
  }

  /**
   * Reads what {@link #toTensors} wrote.
   *
   * @param nodes whose activations are expected
   */
  static Boundary from(Tensors tensors, List<String> nodes) {
    Map<String, Activations> activations = new LinkedHashMap<>();
    for (String node : nodes) {
      INDArray mask = tensors.find(MASK + "." + node).orElse(null);
      boolean passes = tensors.find(MASK_PASSTHROUGH + "." + node).isPresent();
      MaskState state = passes ? MaskState.Passthrough : MaskState.Active;
      activations.put(
          node, new Activations(tensors.get(activations(node)), mask, mask == null ? null : state));
    }
    int examples =
        tensors
            .find(EXAMPLES)
            .map(number -> number.getInt(0))
            .orElseGet(() -> (int) activations.get(nodes.get(0)).array().size(0));
    return new Boundary(activations, examples);
  }

  /** As named tensors, which own what this holds. */
  Tensors toTensors() {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    boolean exampleIsFirstAxis = true;
    for (Map.Entry<String, Activations> entry : activations.entrySet()) {
      Activations value = entry.getValue();
      arrays.put(activations(entry.getKey()), value.array());
      if (value.mask() != null) {
        arrays.put(MASK + "." + entry.getKey(), value.mask());
        if (value.maskState() == MaskState.Passthrough) {
          arrays.put(MASK_PASSTHROUGH + "." + entry.getKey(), OwnedArrays.number(1));
        }
      }
      exampleIsFirstAxis &= value.array().size(0) == examples;
    }
    if (!exampleIsFirstAxis) {
      arrays.put(EXAMPLES, OwnedArrays.number(examples));
    }
    return Tensors.of(arrays);
  }

  /** What outputs in earlier stages predict, which passes through. */
  static Map<String, INDArray> predictionsIn(Tensors tensors) {
    Map<String, INDArray> found = new LinkedHashMap<>();
    tensors
        .asMap()
        .forEach(
            (name, array) -> {
              if (name.startsWith(PREDICTIONS + ".")) {
                found.put(name, array);
              }
            });
    return found;
  }

  /** The gradients among tensors, by node, where one flows. */
  static Map<String, INDArray> gradientsIn(Tensors tensors, List<String> nodes) {
    Map<String, INDArray> found = new LinkedHashMap<>();
    for (String node : nodes) {
      Optional<INDArray> gradient = tensors.find(gradients(node));
      gradient.ifPresent(array -> found.put(node, array));
    }
    return found;
  }

  /** The same, with arrays of the network's data type. */
  Boundary castTo(DataType type) {
    Map<String, Activations> cast = new LinkedHashMap<>();
    activations.forEach((node, value) -> cast.put(node, value.castTo(type)));
    return new Boundary(cast, examples);
  }

  /** The same in memory of its own. */
  Boundary copy() {
    Map<String, Activations> copies = new LinkedHashMap<>();
    activations.forEach((node, value) -> copies.put(node, value.copy()));
    return new Boundary(copies, examples);
  }
}
