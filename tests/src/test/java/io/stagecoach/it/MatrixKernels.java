package io.stagecoach.it;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * With which kernels OpenBLAS multiplies in this process. Others would round otherwise: processes
 * whose weights are compared with those of this one have to have the same.
 */
final class MatrixKernels {

  private MatrixKernels() {}

  /** The variables by which the machine is told; empty where OpenBLAS goes by the processor. */
  static Map<String, String> environment() {
    return System.getenv().entrySet().stream()
        .filter(variable -> variable.getKey().startsWith("OPENBLAS_"))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
