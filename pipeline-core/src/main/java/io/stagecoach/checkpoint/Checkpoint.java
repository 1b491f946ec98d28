package io.stagecoach.checkpoint;

import io.stagecoach.tensor.Tensors;

/**
 * All that a run needs to go on. Weights and updater state are the whole model's, tensor by tensor,
 * and know nothing of stages. Whoever holds it owns its tensors.
 *
 * @param run the run's state
 * @param model the model's configuration, with the learning rates in force, as the engine writes it
 * @param weights the parameters by the model's own names
 * @param updaterState what the updater keeps; none where it keeps nothing
 */
public record Checkpoint(RunState run, String model, Tensors weights, Tensors updaterState)
    implements AutoCloseable {

  @Override
  public void close() {
    try (weights;
        updaterState) {
      // Each is closed even if the other fails.
    }
  }
}
