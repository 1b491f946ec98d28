package io.stagecoach.spark.cluster;

import io.stagecoach.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What all stages are told to do in a step. Arrays are lent, unchanged until {@link Pipeline#await}
 * returns.
 *
 * @param step the step
 * @param weights new weights for a stage; none where they are as before
 * @param given the columns of each micro-batch that the first stage reads, where they do not come
 *     from the batch store; empty where they do
 * @param state of a stage that is built anew, what the step before left it to go on from, where
 *     there is such state
 */
public record Order(
    Message.RunStep step,
    IntFunction<Optional<INDArray>> weights,
    List<Tensors> given,
    IntFunction<Map<String, INDArray>> state) {

  /** A step on examples of the batch store. */
  public static Order of(Message.RunStep step, IntFunction<Optional<INDArray>> weights) {
    return new Order(step, weights, List.of(), stage -> Map.of());
  }

  /** The same step on these columns instead. */
  public Order on(List<Tensors> columns) {
    return new Order(step, weights, columns, state);
  }

  /** The same step for stages that are built anew. */
  Order with(
      IntFunction<Optional<INDArray>> allWeights, IntFunction<Map<String, INDArray>> states) {
    return new Order(step, allWeights, given, states);
  }

  /** What goes to an executor beside the message: for each of its stages, and for the first. */
  Map<String, INDArray> tensorsOf(int stage) {
    Map<String, INDArray> named = new LinkedHashMap<>();
    weights.apply(stage).ifPresent(flat -> named.put(Message.weights(stage), flat));
    String prefix = Message.state(stage);
    state.apply(stage).forEach((name, array) -> named.put(prefix + name, array));
    return named;
  }
}
