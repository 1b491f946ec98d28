package io.stagecoach.spark.job;

import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.job.outcome.LastLine;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains a model, saves it, and reports. */
@Command(
    name = "train",
    description = "Trains a model across executors, evaluates it, saves it, and prints a report.",
    mixinStandardHelpOptions = true)
final class TrainCommand extends JobCommand {

  @Option(
      names = "--from",
      paramLabel = "PATH",
      description =
          "Continue in a new run from this model zip, output directory or checkpoint, whatever"
              + " model the settings name.")
  private String from;

  TrainCommand() {
    super("train");
  }

  @Override
  void adjust(SparkConf settings) {
    if (from != null) {
      ModelSettings.goOnFrom(from, settings);
    }
  }

  @Override
  int executors(StagecoachConf conf) {
    return conf.executors();
  }

  @Override
  LastLine run(SparkSession spark, StagecoachConf conf, RunRecord record, StopRequest stop) {
    return new TrainingRun(
            spark, conf, TrainingTask.of(spark, conf), record, stop, System.out, System.err)
        .run();
  }
}
