package io.stagecoach.spark.job;

import io.stagecoach.engine.Loss;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.spark.job.outcome.LastLine;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** Measures a saved model on data, through the pipeline. */
@Command(
    name = "evaluate",
    description =
        "Measures a saved model on all examples of the data: loss, for a classifier accuracy, F1"
            + " and perplexity, for a text perplexity and bits per byte.",
    mixinStandardHelpOptions = true)
final class EvaluateCommand extends JobCommand {

  EvaluateCommand() {
    super("evaluate");
  }

  @Override
  int executors(StagecoachConf conf) {
    return conf.executors();
  }

  @Override
  LastLine run(SparkSession spark, StagecoachConf conf, RunRecord record, StopRequest stop) {
    Configuration hadoop = spark.sessionState().newHadoopConf();
    String from =
        conf.modelFrom()
            .orElseThrow(
                () ->
                    new StagecoachException(
                        ErrorKind.CONFIGURATION,
                        "No model to evaluate is named",
                        "Set " + Settings.MODEL_FROM.key() + "."));
    record.update(figures -> figures.pipeline(conf.stages(), conf.exchange().word()).model(from));
    SavedModel saved = SavedModel.read(new ModelFileAccess(hadoop), from);
    JobData data = JobData.open(spark, conf);
    try (StartModel model = new StartModel(saved.updater(), Optional.of(saved.learned()))) {
      ModelMeasuring measuring = new ModelMeasuring(spark, conf, hadoop, model, data);
      PreparedData prepared =
          data.prepareForEvaluation(ModelShapes.of(model.model(), data), saved.learned());
      try {
        Loss loss = measuring.measure(List.of(model.updater()), prepared).get(0);
        return report(loss, Metrics.of(loss, prepared.text()), record);
      } finally {
        if (!conf.batchStoreKeep()) {
          StoreCleanUp.discard(prepared);
        }
      }
    }
  }

  private static LastLine report(Loss loss, Map<String, Double> metrics, RunRecord record) {
    double perLabel = loss.sum() / loss.timeSteps();
    System.out.printf(Locale.ROOT, "examples    %,d%n", loss.examples());
    System.out.printf(Locale.ROOT, "loss        %.4f%n", perLabel);
    metrics.forEach(
        (name, value) ->
            System.out.printf(Locale.ROOT, "%-11s %.4f%n", name.replace('_', ' '), value));
    record.update(figures -> figures.validated(perLabel));
    return LastLine.succeeded(record.figures()).with(metrics);
  }
}
