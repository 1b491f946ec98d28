package io.stagecoach.scale;

import java.util.List;

/**
 * What comes to the gradient barrier.
 *
 * @param ends for each stage of a replica when its last backward pass is done, in seconds
 * @param bytes for each stage the size of its gradients, which is that of its weights
 * @param replicas how many pipelines work side by side, all alike
 * @param updateBytes what an update reads and writes, for each byte of weights
 */
record Gradients(List<Double> ends, List<Double> bytes, int replicas, double updateBytes) {

  Gradients {
    ends = List.copyOf(ends);
    bytes = List.copyOf(bytes);
    if (ends.size() != bytes.size() || ends.isEmpty() || replicas < 1) {
      throw new IllegalArgumentException(ends + " ends, " + bytes + " sizes");
    }
  }

  int stages() {
    return ends.size();
  }

  /** When the slowest stage's passes are done. */
  double passes() {
    return ends.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }

  /** All stages' of one replica. */
  double modelBytes() {
    return bytes.stream().mapToDouble(Double::doubleValue).sum();
  }

  /** The stages' executors, over all replicas. */
  int executors() {
    return stages() * replicas;
  }
}
