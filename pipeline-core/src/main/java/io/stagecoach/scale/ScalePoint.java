package io.stagecoach.scale;

/**
 * A number of stages and of replicas, and what it would come to.
 *
 * @param stages stages of a pipeline
 * @param replicas pipelines
 * @param microBatches of each replica in a step
 * @param examples of a step, all replicas together
 * @param layers what the fullest stage has
 * @param bottleneck the stage whose passes take longest
 * @param passesSeconds the passes of a step
 * @param bubble the share of that in which devices wait
 * @param memoryBytes what the hungriest stage needs of its device, for its passes
 * @param fits whether every stage fits on its device
 * @param recomputing how many stages of a replica keep only their inputs
 * @param driver the barrier with {@code synchronizer=driver}
 * @param executor the barrier with {@code synchronizer=executor}
 */
public record ScalePoint(
    int stages,
    int replicas,
    int microBatches,
    long examples,
    int layers,
    int bottleneck,
    double passesSeconds,
    double bubble,
    long memoryBytes,
    boolean fits,
    int recomputing,
    BarrierLoad driver,
    BarrierLoad executor) {

  /** The devices in all. */
  public int devices() {
    return stages * replicas;
  }

  /** Examples a second with {@code synchronizer=driver}. */
  public double driverRate() {
    return examples / (passesSeconds + driver.seconds());
  }

  /** Examples a second with {@code synchronizer=executor}. */
  public double executorRate() {
    return examples / (passesSeconds + executor.seconds());
  }
}
