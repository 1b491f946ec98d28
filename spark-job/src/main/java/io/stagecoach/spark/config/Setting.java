package io.stagecoach.spark.config;

/**
 * One setting of a Stagecoach job.
 *
 * @param name the key behind {@code spark.stagecoach.}
 * @param section the heading under which the documentation lists it
 * @param type how a value is read from text, and what is allowed
 * @param defaultValue the value where the key is not set
 * @param sentence what it decides, for the documentation
 * @param <T> the value's type
 */
public record Setting<T>(
    String name, String section, SettingType<T> type, T defaultValue, String sentence) {

  /** The whole key, as it stands in a {@code SparkConf}. */
  public String key() {
    return Settings.PREFIX + name;
  }

  /** The default as a user would write it; empty where there is none. */
  public String defaultText() {
    return type.format(defaultValue);
  }
}
