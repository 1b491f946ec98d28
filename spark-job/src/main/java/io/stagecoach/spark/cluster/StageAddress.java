package io.stagecoach.spark.cluster;

/**
 * Where a stage lives.
 *
 * @param stage the stage
 * @param executor Spark's id of the executor
 * @param host the host that other executors reach it by
 * @param port the port of its endpoint
 */
public record StageAddress(int stage, String executor, String host, int port) {

  /** The executor and its host, as a person names them. */
  public String executorAndHost() {
    return executor + " on " + host;
  }
}
