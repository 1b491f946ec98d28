package io.stagecoach.spark.ml;

import io.stagecoach.spark.config.Settings;
import java.util.LinkedHashMap;
import java.util.Map;

/** Settings as the lines of a param, {@code key=value}, each key once. */
final class SettingLines {

  private SettingLines() {}

  /** By their whole keys. */
  static Map<String, String> parse(String[] lines) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String line : lines) {
      int equals = line.indexOf('=');
      String key = equals < 0 ? line : line.substring(0, equals);
      settings.put(whole(key.trim()), equals < 0 ? "" : line.substring(equals + 1));
    }
    return settings;
  }

  /** The lines with one more, or with another value of one. */
  static String[] with(String[] lines, String key, String value) {
    Map<String, String> settings = parse(lines);
    settings.put(whole(key), value);
    return settings.entrySet().stream()
        .map(setting -> setting.getKey() + "=" + setting.getValue())
        .toArray(String[]::new);
  }

  /** Whether it says how rows are read and taken, rather than how a network is trained. */
  static boolean isOfPrediction(String key) {
    return whole(key).startsWith(Settings.PREFIX + "data.")
        || whole(key).startsWith(Settings.PREFIX + "score.");
  }

  private static String whole(String key) {
    return key.startsWith(Settings.PREFIX) ? key : Settings.PREFIX + key;
  }
}
