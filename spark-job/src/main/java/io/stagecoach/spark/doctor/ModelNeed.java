package io.stagecoach.spark.doctor;

/**
 * What a model takes beside the heap, by the plan that a run with the same settings would make.
 *
 * @param executorBytes of the executor whose stages take most
 * @param driverBytes weights, updater state and gradients on the driver
 */
public record ModelNeed(long executorBytes, long driverBytes) {

  /** No model is known. */
  public static final ModelNeed NONE = new ModelNeed(0, 0);

  /** Whether a model is known. */
  public boolean isKnown() {
    return executorBytes > 0;
  }
}
