package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.Quantity;
import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.doctor.Diagnosis;
import io.stagecoach.spark.doctor.Doctor;
import io.stagecoach.spark.doctor.Finding;
import io.stagecoach.spark.doctor.ModelNeed;
import io.stagecoach.spark.job.outcome.LastLine;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;

/** Looks for what would keep a run from working, where the same settings would train. */
@Command(
    name = "doctor",
    description =
        "Looks on the driver and on every executor for what would keep a run with these settings"
            + " from working, or slow it; says what to do, and which settings of Spark the model"
            + " needs. Trains nothing.",
    mixinStandardHelpOptions = true)
final class DoctorCommand extends JobCommand {

  private SparkConf given;
  private int exitCode;

  DoctorCommand() {
    super("doctor");
  }

  @Override
  void adjust(SparkConf settings) {
    given = settings.clone();
    SparkSettingsCheck.disarm(settings);
  }

  @Override
  int executors(StagecoachConf conf) {
    return conf.executors();
  }

  /** What fights with the stages is a line of the table. */
  @Override
  void checkSpark(SparkConf settings, StagecoachConf conf) {}

  @Override
  int exitCode() {
    return exitCode;
  }

  /**
   * The model of the settings.
   *
   * @param need what it needs; {@link ModelNeed#NONE} where there is none
   * @param finding what is to be said of it
   */
  private record Outlook(ModelNeed need, Finding finding) {}

  @Override
  LastLine run(SparkSession spark, StagecoachConf conf, RunRecord record, StopRequest stop) {
    record.update(figures -> figures.pipeline(conf.stages(), conf.exchange().word()));
    Outlook model = model(spark, conf);
    Diagnosis diagnosis =
        new Doctor(
                JavaSparkContext.fromSparkContext(spark.sparkContext()),
                given,
                conf,
                executors -> PipelineSpecs.withoutModel(spark, conf, executors))
            .examine(model.need(), model.finding());
    System.out.println(diagnosis.table());
    if (model.need().isKnown()) {
      System.out.println(
          "# Settings of Spark for this model, to be pasted into a properties file:");
      System.out.println(diagnosis.advice().properties());
    }
    Map<String, Double> counts = new LinkedHashMap<>();
    counts.put("checks", (double) diagnosis.rows().size());
    counts.put("warnings", (double) diagnosis.warnings());
    counts.put("errors", (double) diagnosis.errors());
    return outcome(diagnosis, record).with(counts);
  }

  private LastLine outcome(Diagnosis diagnosis, RunRecord record) {
    if (diagnosis.errors() == 0) {
      return LastLine.succeeded(record.figures());
    }
    exitCode = ErrorKind.UNFIT.exitCode();
    return LastLine.failed(
        new StagecoachException(
            ErrorKind.UNFIT,
            "The doctor has found "
                + diagnosis.errors()
                + (diagnosis.errors() == 1 ? " error: " : " errors: ")
                + String.join(
                    ", ",
                    diagnosis.rows().stream()
                        .filter(row -> row.finding() instanceof Finding.Trouble)
                        .map(Diagnosis.Row::check)
                        .distinct()
                        .toList()),
            "The table above says what to do about each."),
        record.figures());
  }

  private static Outlook model(SparkSession spark, StagecoachConf conf) {
    if (conf.modelConfig().or(conf::modelFrom).or(conf::modelPreset).isEmpty()) {
      return new Outlook(ModelNeed.NONE, new Finding.Ok("the settings name none"));
    }
    Configuration hadoop = spark.sessionState().newHadoopConf();
    try {
      JobData data = JobData.open(spark, conf);
      try (StartModel model = StartModel.of(conf, data, hadoop)) {
        TrainingPlan plan =
            PipelineChoices.of(conf, hadoop, rows -> LayerCosts.of(model.model(), rows, data))
                .byOperations();
        ModelNeed need = new ModelNeed(plan.memory(), driverBytes(model, plan.replicas()));
        return new Outlook(
            need,
            new Finding.Ok(
                Quantity.count(model.updater().parameters().length())
                    + " parameters in "
                    + conf.stages()
                    + (conf.stages() == 1 ? " stage" : " stages")
                    + "; an executor needs "
                    + Quantity.bytes(need.executorBytes())
                    + " for arrays, the driver "
                    + Quantity.bytes(need.driverBytes())));
      }
    } catch (StagecoachException e) {
      return new Outlook(ModelNeed.NONE, new Finding.Trouble(e.what(), e.remedy()));
    }
  }

  /**
   * Weights, the updater's view of gradients, those that arrive from every replica, and the
   * updater's state.
   */
  private static long driverBytes(StartModel model, int replicas) {
    INDArray weights = model.updater().parameters();
    INDArray state = model.updater().updaterState();
    long width = weights.dataType().width();
    return (2L + replicas) * weights.length() * width
        + (state == null ? 0 : state.length() * width);
  }
}
