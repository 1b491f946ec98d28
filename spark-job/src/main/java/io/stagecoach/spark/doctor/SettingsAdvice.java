package io.stagecoach.spark.doctor;

import io.stagecoach.spark.config.StagecoachConf;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/** Spark's settings for a model, to be pasted into a properties file. */
public final class SettingsAdvice {

  private static final Pattern LIMITS =
      Pattern.compile("\\s*-Dorg\\.bytedeco\\.javacpp\\.max(physical)?bytes=\\S*");

  private final SparkConf given;
  private final StagecoachConf conf;
  private final ModelNeed model;
  private final long besideExecutor;
  private final long besideDriver;

  /**
   * @param given the settings as they are
   * @param besideExecutor what an executor takes beside the heap without a stage, in bytes
   * @param besideDriver what the driver takes beside the heap without the model's arrays, in bytes
   */
  SettingsAdvice(
      SparkConf given,
      StagecoachConf conf,
      ModelNeed model,
      long besideExecutor,
      long besideDriver) {
    this.given = given;
    this.conf = conf;
    this.model = model;
    this.besideExecutor = besideExecutor;
    this.besideDriver = besideDriver;
  }

  /** The most that an executor takes beside the heap without a stage. */
  static long beside(List<ExecutorState> executors) {
    return executors.stream().mapToLong(ExecutorState::memoryBeside).max().orElse(0);
  }

  /** The settings, in the order in which they are printed. */
  Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    int cores = given.getInt("spark.executor.cores", 1);
    settings.put("spark.executor.instances", String.valueOf(conf.executors()));
    settings.put("spark.executor.cores", String.valueOf(cores));
    settings.put("spark.task.cpus", given.get("spark.task.cpus", "1"));
    settings.put(
        "spark.executorEnv.OMP_NUM_THREADS",
        String.valueOf(conf.threads() > 0 ? conf.threads() : cores));
    addMemory(settings, "executor", model.executorBytes(), besideExecutor);
    addMemory(settings, "driver", model.driverBytes(), besideDriver);
    settings.put("spark.dynamicAllocation.enabled", "false");
    settings.put("spark.speculation", "false");
    return settings;
  }

  private void addMemory(Map<String, String> settings, String role, long need, long beside) {
    long overhead = MemorySettings.roomFor(need) + beside;
    long heap = MemorySettings.heap(given, role);
    String options = "spark." + role + ".extraJavaOptions";
    settings.put("spark." + role + ".memory", (heap >> 20) + "m");
    settings.put("spark." + role + ".memoryOverhead", MemorySettings.mebibytes(overhead));
    settings.put(
        options,
        (LIMITS.matcher(given.get(options, "")).replaceAll("").strip()
                + " -D"
                + OffHeapLimitCheck.ARRAYS
                + "="
                + MemorySettings.mebibytes(MemorySettings.roomFor(need))
                + " -D"
                + OffHeapLimitCheck.PROCESS
                + "="
                + MemorySettings.mebibytes(heap + overhead))
            .strip());
  }

  /** Lines of a properties file. */
  public String properties() {
    StringBuilder text = new StringBuilder();
    settings()
        .forEach((key, value) -> text.append(String.format(Locale.ROOT, "%-34s %s%n", key, value)));
    return text.toString();
  }
}
