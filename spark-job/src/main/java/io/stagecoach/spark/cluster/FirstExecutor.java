package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.time.Duration;
import org.apache.spark.SparkContext;

/** Spark itself waits for ever for the executor that is to run an application's first job. */
public final class FirstExecutor {

  private FirstExecutor() {}

  /**
   * Waits until there is an executor; where tasks run in the driver's process, there need not be
   * one.
   *
   * @throws StagecoachException of kind {@link ErrorKind#CLUSTER} where there is none in time
   */
  public static void await(SparkContext spark, Duration deadline) {
    if (!spark.isLocal() && new SparkExecutorPool(spark, SeatPins.NONE).await(1, deadline) == 0) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          "The cluster gave no executor within " + deadline.toSeconds() + " s",
          "Look whether it has room for one (spark.executor.memory, memoryOverhead and cores), and"
              + " whether executors start and end at once: their logs say why. Or raise"
              + " spark.stagecoach.deadline.launch.");
    }
  }
}
