package io.stagecoach.spark.doctor;

import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The application that is looked at.
 *
 * @param spark the running one
 * @param given the settings as the user gave them, also those that the doctor itself runs without
 * @param conf what they say of Stagecoach
 * @param model what the settings' model needs
 * @param executors what the executors said of themselves
 * @param hopsOf a pipeline on so many executors, whose hops are measured
 */
record Application(
    JavaSparkContext spark,
    SparkConf given,
    StagecoachConf conf,
    ModelNeed model,
    List<ExecutorState> executors,
    IntFunction<PipelineSpec> hopsOf) {

  Application {
    executors = List.copyOf(executors);
  }
}
