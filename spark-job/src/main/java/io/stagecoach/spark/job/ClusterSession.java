package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.cluster.ExecutorLog;
import io.stagecoach.spark.cluster.ExecutorWatch;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * The Spark session of a command, from its start to its end. A cluster that refuses the
 * application, ends it, or leaves it without executors is so said to be the cause, and not what
 * this made of the command's work.
 */
final class ClusterSession {

  /** What a command comes upon by itself, whether its cluster still stands or not. */
  private static final Set<ErrorKind> CAUSES =
      EnumSet.of(
          ErrorKind.EXECUTOR_LOST,
          ErrorKind.DEADLINE,
          ErrorKind.NUMERIC,
          ErrorKind.RESOURCE,
          ErrorKind.INTERRUPTED);

  private ClusterSession() {}

  /**
   * Does work in a session of its own.
   *
   * @param launch how long YARN may take to start the application, and a job may be left without
   *     any executor
   * @throws StagecoachException of kind {@code CLUSTER} where Spark cannot start, was ended from
   *     outside, or is left without executors; whatever the work throws else
   */
  static <T> T in(SparkConf settings, Duration launch, Function<SparkSession, T> work) {
    try (SparkSession spark = start(settings, launch);
        ExecutorWatch watch = ExecutorWatch.over(spark.sparkContext(), launch)) {
      try {
        return work.apply(spark);
      } catch (Exception e) {
        Optional<StagecoachException> cause = cause(e, settings, spark, watch);
        // In client mode the code decides what YARN's application master says of the application.
        spark
            .sparkContext()
            .stop(cause.map(StagecoachException::kind).orElse(ErrorKind.INTERNAL).exitCode());
        if (cause.isPresent()) {
          throw cause.get();
        }
        throw e;
      }
    }
  }

  private static Optional<StagecoachException> cause(
      Exception e, SparkConf settings, SparkSession spark, ExecutorWatch watch) {
    if (watch.verdict().isPresent()) {
      return watch.verdict().map(verdict -> PendingPods.explain(verdict, spark.sparkContext()));
    }
    if (spark.sparkContext().isStopped() && !isCause(e)) {
      return Optional.of(ended(settings, e));
    }
    return e instanceof StagecoachException known
        ? Optional.of(
            PendingPods.explain(
                ExecutorLog.linked(known, spark.sparkContext()), spark.sparkContext()))
        : Optional.empty();
  }

  private static SparkSession start(SparkConf settings, Duration launch) {
    try (YarnAdmission admission = YarnAdmission.watch(settings, launch)) {
      return start(settings, admission);
    }
  }

  private static SparkSession start(SparkConf settings, YarnAdmission admission) {
    try {
      return SparkSession.builder().config(settings).getOrCreate();
    } catch (IllegalAccessError e) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          "Java does not open to Spark what it needs: " + e.getMessage(),
          Where.nowhere(),
          "Spark opens it itself, but not for a driver that a standalone worker starts: submit with"
              + " spark-job/bin/stagecoach, with spark.master.rest.enabled=true, or with the"
              + " --add-opens of Spark's JavaModuleOptions in spark.driver.extraJavaOptions.",
          e);
    } catch (Exception e) {
      throw admission.failure(e).orElseGet(() -> notStarted(settings, e));
    }
  }

  private static StagecoachException notStarted(SparkConf settings, Exception e) {
    return new StagecoachException(
        ErrorKind.CLUSTER,
        "Spark did not start at " + master(settings) + ": " + e,
        Where.nowhere(),
        "Spark's own messages above say why. Check that the master is there and reachable from this"
            + " machine, and this machine from it (spark.driver.host, spark.driver.bindAddress).",
        e);
  }

  private static String master(SparkConf settings) {
    return settings.get("spark.master", "its master");
  }

  private static boolean isCause(Exception e) {
    return e instanceof StagecoachException known && CAUSES.contains(known.kind());
  }

  private static StagecoachException ended(SparkConf settings, Exception e) {
    return new StagecoachException(
        ErrorKind.CLUSTER,
        "Spark's cluster at " + master(settings) + " ended the application before it was done",
        Where.nowhere(),
        "Spark's own messages above say why. A standalone master that is not reached, or an"
            + " application whose executors do not start (the workers' logs say why) or that somebody"
            + " killed, ends so; on YARN look at the application's diagnostics.",
        e);
  }
}
