package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Measures the model on examples that it is not trained on. */
interface Validation {

  /** What a person wants to see beside the loss, by name. */
  Map<String, Double> measures(Loss loss);

  /** Whether there is nothing to evaluate. */
  boolean isEmpty();

  /**
   * The loss over all examples; none where there are no examples.
   *
   * @param step the next training step
   * @param weights the weights that the stages do not have yet
   */
  Optional<Loss> run(long step, IntFunction<Optional<INDArray>> weights);
}
