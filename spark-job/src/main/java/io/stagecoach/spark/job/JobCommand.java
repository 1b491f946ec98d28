package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.cluster.FirstExecutor;
import io.stagecoach.spark.config.ContainerPaths;
import io.stagecoach.spark.config.PlanFile;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.SparkConnect;
import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.gpu.BackendFailure;
import io.stagecoach.spark.gpu.GpuPlugin;
import io.stagecoach.spark.gpu.GpuSettingsCheck;
import io.stagecoach.spark.job.outcome.LastLine;
import io.stagecoach.spark.job.outcome.RunFigures;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all subcommands share: settings are read and checked before Spark starts, the first cause of
 * a failure is said once, the machine-readable line is the last, and Spark is stopped.
 */
abstract class JobCommand implements Callable<Integer> {

  private static final Logger LOG = LoggerFactory.getLogger(JobCommand.class);

  private static final String THREADS_VARIABLE = "spark.executorEnv.OMP_NUM_THREADS";

  private final String name;
  private StagecoachException failure;

  JobCommand(String name) {
    this.name = name;
  }

  /**
   * Does the command's work.
   *
   * @param record is told what is known so far
   * @param stop whether it is to stop before its end
   */
  abstract LastLine run(
      SparkSession spark, StagecoachConf conf, RunRecord record, StopRequest stop);

  /** Changes the settings as the command line says, before they are read. */
  void adjust(SparkConf settings) {}

  /** Refuses settings of Spark with which the command could not live. */
  void checkSpark(SparkConf settings, StagecoachConf conf) {
    SparkSettingsCheck.check(settings, executors(conf));
  }

  private static void checkPaths(SparkConf settings, StagecoachConf conf) {
    Configuration hadoop = SparkHadoopUtil.get().newConfiguration(settings);
    conf.outputPath()
        .ifPresent(path -> ContainerPaths.check(Settings.OUTPUT_PATH, path, settings, hadoop));
    conf.checkpointPath()
        .ifPresent(path -> ContainerPaths.check(Settings.CHECKPOINT_PATH, path, settings, hadoop));
  }

  /** What the process ends with where nothing has failed; asked for after {@link #run}. */
  int exitCode() {
    return 0;
  }

  /** The first cause of its failure, if it has failed. */
  Optional<StagecoachException> failure() {
    return Optional.ofNullable(failure);
  }

  /** How many executors the command needs; 0 for none. */
  abstract int executors(StagecoachConf conf);

  @Override
  public Integer call() {
    try (StopRequest stop = StopRequest.listen()) {
      return call(new RunRecord(), stop);
    }
  }

  private int call(RunRecord record, StopRequest stop) {
    try {
      LastLine line = runInSpark(record, stop);
      line.print(System.out);
      return exitCode();
    } catch (StagecoachException e) {
      // What fails because it was interrupted says so in its own words.
      StagecoachException cause =
          stop.asFailure().filter(stopped -> !stopped.what().equals(e.what())).orElse(e);
      return fail(cause, record.figures());
    } catch (OutOfMemoryError e) {
      return fail(
          new StagecoachException(
              ErrorKind.RESOURCE,
              "The driver is out of memory: " + e.getMessage(),
              Where.nowhere(),
              "Raise spark.driver.memory, or -Dorg.bytedeco.javacpp.maxphysicalbytes in"
                  + " spark.driver.extraJavaOptions for memory off the heap.",
              e),
          record.figures());
    } catch (Exception | LinkageError e) {
      // Spark, being Scala, throws checked exceptions that nothing declares.
      StagecoachException known =
          MemoryShortage.typed("a Spark job of the run", Where.nowhere(), e)
              .or(() -> BackendFailure.typed(e))
              .orElseGet(
                  () ->
                      new StagecoachException(
                          ErrorKind.INTERNAL,
                          "The job failed: " + e,
                          Where.nowhere(),
                          "The stack trace is in the log.",
                          e));
      return fail(stop.asFailure().orElse(known), record.figures());
    }
  }

  private LastLine runInSpark(RunRecord record, StopRequest stop) {
    SparkConf settings = new SparkConf();
    SparkConnect.refuse(settings, System.getenv());
    adjust(settings);
    PlanFile.expand(settings);
    StagecoachConf conf = StagecoachConf.from(settings);
    checkSpark(settings, conf);
    GpuSettingsCheck.check(settings);
    GpuPlugin.install(settings);
    checkPaths(settings, conf);
    if (!settings.contains("spark.app.name")) {
      settings.setAppName("stagecoach " + name);
    }
    if (!settings.contains(THREADS_VARIABLE)) {
      int threads =
          conf.threads() > 0 ? conf.threads() : settings.getInt("spark.executor.cores", 1);
      settings.set(THREADS_VARIABLE, String.valueOf(threads));
    }
    return ClusterSession.in(
        settings,
        conf.deadlineLaunch(),
        spark -> {
          if (executors(conf) > 0) {
            FirstExecutor.await(spark.sparkContext(), conf.deadlineLaunch());
          }
          return run(spark, conf, record, stop);
        });
  }

  private int fail(StagecoachException error, RunFigures figures) {
    failure = error;
    LOG.debug("The run failed", error);
    if (error.kind() == ErrorKind.INTERNAL && error.getCause() != null) {
      LOG.error("A defect of Stagecoach, or something it did not expect", error);
    }
    System.err.println();
    System.err.println("Stagecoach failed: " + error.getMessage());
    LastLine.failed(error, figures).print(System.out);
    return error.kind().exitCode();
  }
}
