package io.stagecoach.spark.config;

/**
 * A family of keys that are passed on to something that knows them: a data source's options, a
 * preset's settings.
 *
 * @param name the common beginning of the keys behind {@code spark.stagecoach.}, with its last dot
 * @param section the heading under which the documentation lists it
 * @param sentence what it decides, for the documentation
 */
public record SettingPrefix(String name, String section, String sentence) {

  /** The whole beginning of the keys, as it stands in a {@code SparkConf}. */
  public String key() {
    return Settings.PREFIX + name;
  }
}
