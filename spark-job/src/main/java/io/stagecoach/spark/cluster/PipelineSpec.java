package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What a pipeline is launched from.
 *
 * @param spark the application
 * @param stages the stages, in order
 * @param store where the batch store is
 * @param network ports and limits
 * @param deadlines how long the driver and the stages wait
 */
public record PipelineSpec(
    JavaSparkContext spark,
    List<StageSpec> stages,
    StoreAccess store,
    Network network,
    Deadlines deadlines) {

  public PipelineSpec {
    stages = List.copyOf(stages);
  }

  /**
   * Ports and limits.
   *
   * @param driverPort the port the driver listens on, 0 for any
   * @param executorPort the port each executor listens on, 0 for any
   * @param messageLimit the longest message that is accepted, in bytes
   * @param credit how many hops a neighbour may send ahead
   */
  public record Network(int driverPort, int executorPort, long messageLimit, int credit) {}
}
