package io.stagecoach.spark.ml;

import io.stagecoach.spark.config.PlanFile;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;

/**
 * The settings of a fit.
 *
 * @param lines those given by their keys
 * @param params those given as params, which come first
 */
record EstimatorSettings(Map<String, String> lines, Map<Setting<?>, String> params) {

  /** What an application's own settings say of these is of other runs. */
  private static final List<Setting<?>> OF_OTHER_RUNS =
      List.of(
          Settings.DATA_PATH,
          Settings.DATA_TABLE,
          Settings.DATA_QUERY,
          Settings.DATA_FILTER,
          Settings.DATA_FORMAT,
          Settings.DATA_VERSION,
          Settings.DATA_AS_OF,
          Settings.DATA_TEXT,
          Settings.OUTPUT_PATH,
          Settings.OUTPUT_OVERWRITE);

  private static final List<Setting<?>> MODEL =
      List.of(Settings.MODEL_CONFIG, Settings.MODEL_FROM, Settings.MODEL_PRESET);

  EstimatorSettings {
    lines = new LinkedHashMap<>(lines);
    params = new LinkedHashMap<>(params);
  }

  /**
   * All settings of a fit. Where nothing else is said, it leaves nothing behind: its output, and on
   * one machine its batch store, are in a folder of its own.
   *
   * @param application the settings of the Spark application
   * @param work the folder
   */
  StagecoachConf forFit(SparkConf application, Path work) {
    SparkConf all = new SparkConf(false);
    for (var setting : application.getAllWithPrefix(Settings.PREFIX)) {
      all.set(Settings.PREFIX + setting._1(), setting._2());
    }
    OF_OTHER_RUNS.forEach(setting -> all.remove(setting.key()));
    all.set(Settings.BATCH_STORE_KEEP.key(), "false");
    if (application.get("spark.master", "").startsWith("local")) {
      all.set(Settings.BATCH_STORE_PATH.key(), uri(work.resolve("batches")));
    }
    if (!lines.containsKey(Settings.OUTPUT_PATH.key())) {
      all.set(Settings.OUTPUT_PATH.key(), uri(work.resolve("output")));
      all.set(Settings.CHECKPOINT_INTERVAL.key(), "0");
    }
    if (MODEL.stream()
        .anyMatch(setting -> params.containsKey(setting) || lines.containsKey(setting.key()))) {
      MODEL.forEach(setting -> all.remove(setting.key()));
      for (var setting : all.getAllWithPrefix(Settings.MODEL_PRESET_SETTINGS.key())) {
        all.remove(Settings.MODEL_PRESET_SETTINGS.key() + setting._1());
      }
    }
    lines.forEach(all::set);
    params.forEach((setting, text) -> all.set(setting.key(), text));
    json().ifPresent(text -> all.set(Settings.MODEL_CONFIG.key(), uri(config(work))));
    PlanFile.expand(all);
    return StagecoachConf.from(all);
  }

  /** Puts a configuration that is given as JSON where the run reads it from. */
  void place(Path work) {
    json()
        .ifPresent(
            text -> {
              try {
                Files.writeString(config(work), text);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private Optional<String> json() {
    String config =
        params.getOrDefault(
            Settings.MODEL_CONFIG, lines.getOrDefault(Settings.MODEL_CONFIG.key(), ""));
    return config.stripLeading().startsWith("{") ? Optional.of(config) : Optional.empty();
  }

  private static Path config(Path work) {
    return work.resolve("model.json");
  }

  private static String uri(Path path) {
    return path.toUri().toString();
  }
}
