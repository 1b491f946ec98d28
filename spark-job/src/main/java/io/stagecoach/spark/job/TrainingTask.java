package io.stagecoach.spark.job;

import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.ModelShape;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;

/**
 * What a run trains on, and what it asks of the network.
 *
 * @param data opens the data, once the output is known to be writable
 * @param requirement refuses a network that is not for the task, before the data is read
 */
record TrainingTask(Supplier<JobData> data, Consumer<ModelShape> requirement) {

  /** Any network, on the data that the settings name. */
  static TrainingTask of(SparkSession spark, StagecoachConf conf) {
    return new TrainingTask(() -> JobData.open(spark, conf), shape -> {});
  }
}
