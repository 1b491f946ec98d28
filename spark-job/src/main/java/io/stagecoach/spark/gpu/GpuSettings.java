package io.stagecoach.spark.gpu;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import java.util.Optional;
import org.apache.spark.SparkConf;

/**
 * What the settings say of GPUs.
 *
 * @param perExecutor how many Spark is to give to an executor; 0 for none
 * @param perTask how much of one Spark is to give to an ordinary task; 0 for none
 * @param find by what executors find theirs without Spark; empty where they do not
 * @param lockFolder where, on each host, executors that find theirs mark them as taken
 * @param cpuFallback whether stages may compute on the CPU where there should be a GPU
 */
public record GpuSettings(
    double perExecutor,
    double perTask,
    Optional<String> find,
    String lockFolder,
    boolean cpuFallback) {

  /** What Spark calls GPUs in its settings. */
  static final String RESOURCE = "gpu";

  /** How many of Spark's GPUs an executor has. */
  static final String EXECUTOR_AMOUNT = "spark.executor.resource.gpu.amount";

  /** How much of one an ordinary task takes. */
  static final String TASK_AMOUNT = "spark.task.resource.gpu.amount";

  /**
   * Reads them.
   *
   * @throws StagecoachException of kind {@link ErrorKind#CONFIGURATION} where an amount is no
   *     number
   */
  public static GpuSettings of(SparkConf spark) {
    return new GpuSettings(
        amount(spark, EXECUTOR_AMOUNT),
        amount(spark, TASK_AMOUNT),
        value(spark, Settings.GPU_FIND),
        value(spark, Settings.GPU_LOCK_FOLDER),
        value(spark, Settings.GPU_CPU_FALLBACK));
  }

  /** Whether Spark gives GPUs to executors. */
  public boolean bySpark() {
    return perExecutor > 0;
  }

  /** Whether executors are to have GPUs, from whomever. */
  public boolean wanted() {
    return bySpark() || find.isPresent();
  }

  private static double amount(SparkConf spark, String key) {
    String text = spark.get(key, "0");
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION, key + " is '" + text + "', which is no number", "Correct it.");
    }
  }

  private static <T> T value(SparkConf spark, Setting<T> setting) {
    return spark.contains(setting.key())
        ? setting.type().parse(spark.get(setting.key()))
        : setting.defaultValue();
  }
}
