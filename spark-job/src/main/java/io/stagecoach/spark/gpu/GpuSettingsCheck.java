package io.stagecoach.spark.gpu;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.DeviceKind;
import io.stagecoach.plan.StagePin;
import io.stagecoach.spark.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.package$;

/** Finds settings on GPUs with which a run would hang, or compute where nobody means it to. */
public final class GpuSettingsCheck {

  private static final String MASTER = "spark.master";

  /** {@code local}, {@code local[4]}, {@code local[*,3]}: Spark gives no resources there. */
  private static final Pattern ONE_PROCESS = Pattern.compile("local(\\[.*])?");

  private GpuSettingsCheck() {}

  /**
   * Checks the settings before anything is started.
   *
   * @throws StagecoachException of kind {@link ErrorKind#CLUSTER}, with every conflict that there
   *     is
   */
  public static void check(SparkConf spark) {
    GpuSettings settings = GpuSettings.of(spark);
    String master = spark.get(MASTER, "");
    List<String> conflicts = new ArrayList<>();
    List<String> remedies = new ArrayList<>();
    if (settings.bySpark() && ONE_PROCESS.matcher(master).matches()) {
      conflicts.add(
          MASTER
              + " is "
              + master
              + ", and "
              + GpuSettings.EXECUTOR_AMOUNT
              + " is set: Spark has no GPUs for tasks in the driver's process, and would wait for"
              + " them for ever");
      remedies.add(
          "Take a cluster's master, or take "
              + GpuSettings.EXECUTOR_AMOUNT
              + " and "
              + GpuSettings.TASK_AMOUNT
              + " out.");
    }
    if (settings.perTask() > 0 && !settings.bySpark()) {
      conflicts.add(
          GpuSettings.TASK_AMOUNT + " is set, but no executor has a GPU to give to its tasks");
      remedies.add("Set " + GpuSettings.EXECUTOR_AMOUNT + "=1.");
    }
    if (settings.perExecutor() > 1) {
      conflicts.add(
          GpuSettings.EXECUTOR_AMOUNT
              + " is "
              + spark.get(GpuSettings.EXECUTOR_AMOUNT)
              + ", but an executor computes on one GPU");
      remedies.add(
          "Set "
              + GpuSettings.EXECUTOR_AMOUNT
              + "=1, and ask for as many executors as there are stages.");
    }
    if (settings.bySpark() && settings.find().isPresent()) {
      conflicts.add(
          GpuSettings.EXECUTOR_AMOUNT
              + " and "
              + Settings.GPU_FIND.key()
              + " are both set, but an executor's GPU is either given by Spark or found by itself");
      remedies.add("Take one of them out.");
    }
    List<String> onGpus =
        pinned(spark).stream()
            .filter(pin -> pin.target().equals(new StagePin.Kind(DeviceKind.GPU)))
            .map(StagePin::words)
            .toList();
    if (!onGpus.isEmpty() && !settings.wanted()) {
      conflicts.add(
          Settings.PIN_STAGES.key()
              + " has \""
              + String.join(",", onGpus)
              + "\", but no executor is to have a GPU");
      remedies.add(
          "Set "
              + GpuSettings.EXECUTOR_AMOUNT
              + "=1 where Spark gives them, or "
              + Settings.GPU_FIND.key()
              + " where executors find theirs.");
    }
    if (conflicts.isEmpty()
        && StageGpu.of(settings, master, package$.MODULE$.SPARK_VERSION()) == StageGpu.IMPOSSIBLE) {
      conflicts.add(
          "Spark "
              + package$.MODULE$.SPARK_VERSION()
              + " cannot give a stage's task more than other tasks at "
              + (master.isEmpty() ? "this master" : master)
              + ", and those get no GPU: "
              + GpuSettings.TASK_AMOUNT
              + " is not set");
      remedies.add(
          "Set "
              + GpuSettings.TASK_AMOUNT
              + "=1 (or a part, such as 0.25, for as many tasks at once when data is prepared), or"
              + " take Spark 3.5.1 or later.");
    }
    if (!conflicts.isEmpty()) {
      throw new StagecoachException(
          ErrorKind.CLUSTER, String.join("; ", conflicts), String.join(" ", remedies));
    }
  }

  private static List<StagePin> pinned(SparkConf spark) {
    try {
      return Settings.PIN_STAGES.type().parse(spark.get(Settings.PIN_STAGES.key(), ""));
    } catch (IllegalArgumentException notAllowed) {
      // Whoever reads the settings says what is wrong with it.
      return List.of();
    }
  }
}
