package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.ScoreMode;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.job.outcome.LastLine;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** Predicts for the rows of a table, with the whole model in each executor or in a pipeline. */
@Command(
    name = "score",
    description =
        "Predicts for the rows of a table by a saved model, and writes them with the predictions as"
            + " another table. Each executor has the whole model, or the stages of one that is too"
            + " large for that.",
    mixinStandardHelpOptions = true)
final class ScoreCommand extends JobCommand {

  ScoreCommand() {
    super("score");
  }

  @Override
  int executors(StagecoachConf conf) {
    return conf.scoreMode() == ScoreMode.PIPELINE ? conf.stages() : 0;
  }

  /** Without stages, Spark may give and take executors as it likes. */
  @Override
  void checkSpark(SparkConf settings, StagecoachConf conf) {
    if (executors(conf) > 0) {
      super.checkSpark(settings, conf);
    }
  }

  @Override
  LastLine run(SparkSession spark, StagecoachConf conf, RunRecord record, StopRequest stop) {
    String from = required(conf, Settings.MODEL_FROM, "No model to score by is named");
    ScoreOutput output = ScoreOutput.open(spark, conf);
    record.update(figures -> figures.model(from));
    ScoringRun.Result result = new ScoringRun(spark, conf).run(from, output);
    if (result.stages() > 0) {
      record.update(figures -> figures.pipeline(result.stages(), conf.exchange().word()));
    }
    result.snapshot().ifPresent(snapshot -> System.out.println("Read " + snapshot));
    System.out.printf(
        Locale.ROOT, "%,d rows scored, %,d dropped%n", result.scored(), result.dropped());
    if (result.unknownCategories() > 0) {
      System.out.printf(
          Locale.ROOT, "%,d have a category unknown to the model%n", result.unknownCategories());
    }
    result.devices().forEach(device -> System.out.println("Computed by " + device));
    System.out.println("The table is at " + result.place());
    return LastLine.succeeded(record.figures()).with(result.figures());
  }

  private static String required(
      StagecoachConf conf, Setting<Optional<String>> setting, String otherwise) {
    return conf.get(setting)
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.CONFIGURATION, otherwise, "Set " + setting.key() + "."));
  }
}
