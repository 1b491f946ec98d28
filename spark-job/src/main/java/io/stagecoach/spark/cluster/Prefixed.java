package io.stagecoach.spark.cluster;

import io.stagecoach.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Names of tensors that travel beside others. */
final class Prefixed {

  private Prefixed() {}

  static Map<String, INDArray> of(String prefix, Tensors tensors) {
    Map<String, INDArray> named = new LinkedHashMap<>();
    tensors.asMap().forEach((name, array) -> named.put(prefix + name, array));
    return named;
  }
}
