package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.gpu.GpuSettingsCheck;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Training that a program starts, on a table that it has at hand, in the Spark application that it
 * is. A pipeline takes all executors: runs that are started at the same time wait for each other,
 * in the order in which they came.
 */
public final class ProgramTraining {

  private static final ReentrantLock EXECUTORS = new ReentrantLock(true);

  private ProgramTraining() {}

  /**
   * Trains, and saves what {@code train} saves at {@link StagecoachConf#outputPath}.
   *
   * @param requirement refuses a network that is not for the task, before the data is read
   * @throws StagecoachException as {@code train}
   */
  public static void run(
      SparkSession spark,
      StagecoachConf conf,
      Dataset<Row> table,
      Consumer<ModelShape> requirement) {
    SparkSettingsCheck.check(spark.sparkContext().getConf(), conf.executors());
    GpuSettingsCheck.check(spark.sparkContext().getConf());
    try (PrintStream unseen =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      EXECUTORS.lockInterruptibly();
      try {
        new TrainingRun(
                spark,
                conf,
                new TrainingTask(() -> JobData.of(table, conf), requirement),
                new RunRecord(),
                StopRequest.never(),
                unseen,
                System.err)
            .run();
      } finally {
        EXECUTORS.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED,
          "The training was interrupted while it waited for another one to end",
          Where.nowhere(),
          "",
          e);
    }
  }
}
