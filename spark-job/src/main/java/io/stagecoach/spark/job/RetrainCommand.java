package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.job.outcome.LastLine;
import io.stagecoach.spark.job.retrain.HadoopFolderFiles;
import io.stagecoach.spark.job.retrain.IntervalKey;
import io.stagecoach.spark.job.retrain.IntervalSettings;
import io.stagecoach.spark.job.retrain.ModelFolder;
import io.stagecoach.spark.job.retrain.PromotionRule;
import io.stagecoach.spark.job.retrain.RetrainRecord;
import io.stagecoach.spark.job.retrain.Retraining;
import java.io.IOException;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains the accepted model on an interval's data, and accepts the result if it is better. */
@Command(
    name = "retrain",
    description =
        "Goes on from the accepted model with the data of an interval, compares the two on the same"
            + " held-out data, and accepts the new one only if it is better.",
    mixinStandardHelpOptions = true)
final class RetrainCommand extends JobCommand {

  @Option(
      names = "--interval",
      paramLabel = "KEY",
      required = true,
      description =
          "The interval, such as 2026-11-19; it takes the place of {interval} in data.path,"
              + " data.query and data.filter. today and yesterday are days in UTC.")
  private String interval;

  private IntervalKey key;
  private SparkConf template;
  private int exitCode;

  RetrainCommand() {
    super("retrain");
  }

  @Override
  void adjust(SparkConf settings) {
    key = IntervalKey.parse(interval, Clock.systemUTC());
    IntervalSettings.requireInterval(settings);
    template = settings.clone();
    IntervalSettings.fill(settings, key);
  }

  @Override
  int executors(StagecoachConf conf) {
    return conf.executors();
  }

  @Override
  int exitCode() {
    return exitCode;
  }

  @Override
  LastLine run(SparkSession spark, StagecoachConf conf, RunRecord record, StopRequest stop) {
    record.update(figures -> figures.pipeline(conf.stages(), conf.exchange().word()));
    requireHeldOutData(conf);
    Configuration hadoop = spark.sessionState().newHadoopConf();
    Retraining.Outcome outcome =
        new Retraining(
                folder(conf, hadoop),
                new PipelineRetrainWork(spark, template, key, record, stop),
                new PromotionRule(
                    conf.retrainMetric(), conf.retrainMargin(), conf.retrainTolerance()),
                conf.retrainRerun(),
                conf.retrainLease(),
                conf.retrainKeep(),
                Clock.systemUTC())
            .run(key);
    exitCode =
        outcome.record().decision().equals(RetrainRecord.NOTHING_NEW)
            ? conf.retrainNothingNewExitCode()
            : 0;
    return report(outcome, record);
  }

  private static void requireHeldOutData(StagecoachConf conf) {
    if (conf.dataValidationShare() == 0 && !conf.retrainHasHeldOut()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "There is nothing to compare models on: "
              + Settings.DATA_VALIDATION_SHARE.key()
              + " is 0",
          "Set it, or " + Settings.RETRAIN_HELD_OUT_PATH.key() + ".");
    }
  }

  private static ModelFolder folder(StagecoachConf conf, Configuration hadoop) {
    String path =
        conf.retrainFolder()
            .orElseThrow(
                () ->
                    new StagecoachException(
                        ErrorKind.CONFIGURATION,
                        "No model folder is named",
                        "Set " + Settings.RETRAIN_FOLDER.key() + "."));
    try {
      return new ModelFolder(new HadoopFolderFiles(path, hadoop));
    } catch (IOException | IllegalArgumentException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "The model folder cannot be used: " + path + " (" + e.getMessage() + ")",
          Where.nowhere(),
          "Correct " + Settings.RETRAIN_FOLDER.key() + ".",
          e);
    }
  }

  private static LastLine report(Retraining.Outcome outcome, RunRecord record) {
    RetrainRecord decided = outcome.record();
    System.out.println(
        "interval    "
            + decided.interval()
            + (outcome.doneBefore() ? " was done before: nothing is changed" : ""));
    System.out.println("decision    " + decided.decision().replace('_', ' '));
    System.out.println("because     " + decided.reason());
    System.out.println("record      " + outcome.recordPath());
    System.out.println("accepted    " + outcome.accepted().orElse("none"));
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("attempt", (double) decided.attempt());
    metrics.put("candidate_metric", metric(decided, decided.candidate()));
    metrics.put("accepted_metric", metric(decided, decided.accepted()));
    return LastLine.succeeded(record.figures())
        .withText("interval", decided.interval())
        .withText("decision", decided.decision())
        .withText("reason", decided.reason())
        .withText("done_before", outcome.doneBefore() ? "yes" : "no")
        .withText("metric", decided.metric())
        .with(metrics)
        .withText("record", outcome.recordPath())
        .withText("accepted", outcome.accepted().orElse(""));
  }

  private static Double metric(RetrainRecord decided, RetrainRecord.Model model) {
    return model == null ? null : model.metrics().get(decided.metric());
  }
}
