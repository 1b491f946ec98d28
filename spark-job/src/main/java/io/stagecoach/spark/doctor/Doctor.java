package io.stagecoach.spark.doctor;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.cluster.EveryExecutor;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.doctor.Diagnosis.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Runs every check, on the driver and on every executor. */
public final class Doctor {

  private static final String EXECUTOR = "executor ";

  private final JavaSparkContext spark;
  private final SparkConf given;
  private final StagecoachConf conf;
  private final IntFunction<PipelineSpec> hopsOf;

  /**
   * @param spark the running application
   * @param given the settings as the user gave them
   * @param conf what they say of Stagecoach
   * @param hopsOf a pipeline on so many executors, whose hops are measured
   */
  public Doctor(
      JavaSparkContext spark,
      SparkConf given,
      StagecoachConf conf,
      IntFunction<PipelineSpec> hopsOf) {
    this.spark = spark;
    this.given = given;
    this.conf = conf;
    this.hopsOf = hopsOf;
  }

  /**
   * Looks at everything.
   *
   * @param model what the settings' model needs
   * @param modelFinding what is to be said of it
   */
  public Diagnosis examine(ModelNeed model, Finding modelFinding) {
    List<Row> rows = new ArrayList<>();
    rows.add(new Row("model", Here.DRIVER, modelFinding));
    ExecutorState driver =
        new Examination(0, model.driverBytes()).of(Here.DRIVER, given, Checks.OF_PROCESSES);
    List<ExecutorState> executors = executors(model, rows);
    for (ProcessCheck check : Checks.OF_PROCESSES) {
      List<Row> ofCheck = new ArrayList<>();
      ofCheck.add(new Row(check.name(), Here.DRIVER, driver.findings().get(check.name())));
      for (ExecutorState executor : executors) {
        ofCheck.add(
            new Row(
                check.name(), EXECUTOR + executor.place(), executor.findings().get(check.name())));
      }
      rows.addAll(Diagnosis.merged(ofCheck));
    }
    Application application = new Application(spark, given, conf, model, executors, hopsOf);
    for (ApplicationCheck check : Checks.OF_THE_APPLICATION) {
      rows.add(
          new Row(check.name(), check.where(), Failing.asFinding(() -> check.look(application))));
    }
    return new Diagnosis(
        rows,
        new SettingsAdvice(
            given, conf, model, SettingsAdvice.beside(executors), driver.memoryBeside()));
  }

  /** What the executors say of themselves; none where Spark's job for it fails, which is a row. */
  private List<ExecutorState> executors(ModelNeed model, List<Row> rows) {
    try {
      EveryExecutor.await(spark, conf.executors(), conf.deadlineLaunch());
      return EveryExecutor.ask(
              spark,
              "Stagecoach: the doctor looks at the executors",
              new Examination(conf.threads(), model.executorBytes()),
              conf.deadlineStep())
          .stream()
          .map(Examination::read)
          .toList();
    } catch (StagecoachException e) {
      rows.add(new Row("executors", Here.DRIVER, Failing.found(e)));
      return List.of();
    }
  }
}
