package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Of a run without examples to validate with. */
final class NoValidation implements Validation {

  @Override
  public Map<String, Double> measures(Loss loss) {
    return Map.of();
  }

  @Override
  public boolean isEmpty() {
    return true;
  }

  @Override
  public Optional<Loss> run(long step, IntFunction<Optional<INDArray>> weights) {
    return Optional.empty();
  }
}
