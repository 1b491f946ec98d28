package io.stagecoach.spark.job;

import io.stagecoach.spark.config.Settings;
import org.apache.spark.SparkConf;

/** Names a saved model in settings that may name another. */
final class ModelSettings {

  private ModelSettings() {}

  /** The run goes on from this model, whatever model the settings name. */
  static void goOnFrom(String path, SparkConf settings) {
    settings.remove(Settings.MODEL_CONFIG.key());
    settings.remove(Settings.MODEL_PRESET.key());
    for (var setting : settings.getAllWithPrefix(Settings.MODEL_PRESET_SETTINGS.key())) {
      settings.remove(Settings.MODEL_PRESET_SETTINGS.key() + setting._1());
    }
    settings.set(Settings.MODEL_FROM.key(), path);
  }
}
