package io.stagecoach.spark.cluster;

/**
 * Where a stage lives.
 *
 * @param stage the stage
 * @param executor Spark's id of the executor
 * @param host the host that other executors reach it by
 * @param port the port of its endpoint
 * @param device what it computes on; empty where nobody has asked for GPUs
 */
public record StageAddress(int stage, String executor, String host, int port, String device) {

  /** Where nobody has asked for GPUs. */
  public static StageAddress of(int stage, String executor, String host, int port) {
    return new StageAddress(stage, executor, host, port, "");
  }

  /** The executor and its host, as a person names them. */
  public String executorAndHost() {
    return executor + " on " + host;
  }

  /** The stage and all that is known of its place, as a person reads it. */
  String words() {
    return stage + " on executor " + executorAndHost() + (device.isEmpty() ? "" : ", " + device);
  }
}
