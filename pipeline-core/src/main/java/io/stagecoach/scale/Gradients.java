package io.stagecoach.scale;

import java.util.List;

/**
 * What comes to the gradient barrier.
 *
 * @param stages the stages of a replica, in order
 * @param replicas how many pipelines work side by side, all alike
 * @param updateBytes what an update reads and writes, for each byte of weights
 */
record Gradients(List<StageLoad> stages, int replicas, double updateBytes) {

  Gradients {
    stages = List.copyOf(stages);
    if (stages.isEmpty() || replicas < 1) {
      throw new IllegalArgumentException(stages + ", " + replicas + " replicas");
    }
  }

  /** When the slowest stage's passes are done. */
  double passes() {
    return stages.stream().mapToDouble(StageLoad::ends).max().orElseThrow();
  }

  /** All stages' of one replica. */
  double modelBytes() {
    return stages.stream().mapToDouble(StageLoad::bytes).sum();
  }

  /** The stages' executors, over all replicas. */
  int executors() {
    return stages.size() * replicas;
  }
}
