package io.stagecoach.spark.job.retrain;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.SettingPrefix;
import io.stagecoach.spark.config.Settings;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;

/** What the settings of retraining become for an interval. */
public final class IntervalSettings {

  private static final List<Setting<?>> OF_DATA =
      List.of(Settings.DATA_PATH, Settings.DATA_QUERY, Settings.DATA_FILTER);

  private static final List<Setting<?>> OF_HELD_OUT =
      List.of(
          Settings.RETRAIN_HELD_OUT_PATH,
          Settings.RETRAIN_HELD_OUT_QUERY,
          Settings.RETRAIN_HELD_OUT_FILTER);

  /** Where another table's data is. */
  private static final List<Setting<?>> LOCATION =
      List.of(
          Settings.DATA_PATH,
          Settings.DATA_TABLE,
          Settings.DATA_QUERY,
          Settings.DATA_FILTER,
          Settings.DATA_VERSION,
          Settings.DATA_AS_OF);

  /** Options of a data source may be secrets. */
  private static final Pattern SECRET =
      Pattern.compile("(?i).*(secret|passw|token|key|credential).*");

  private IntervalSettings() {}

  /**
   * That the settings of the data have the interval in them.
   *
   * @throws StagecoachException CONFIGURATION if every interval would read the same
   */
  public static void requireInterval(SparkConf template) {
    if (OF_DATA.stream().noneMatch(setting -> has(template, setting))) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "Every interval would read the same data: none of "
              + OF_DATA.stream().map(Setting::key).collect(Collectors.joining(", "))
              + " has "
              + IntervalKey.PLACEHOLDER
              + " in it",
          "Set, for example, "
              + Settings.DATA_FILTER.key()
              + " to day = '"
              + IntervalKey.PLACEHOLDER
              + "'.");
    }
  }

  /** Whether each interval has a path of its own. */
  public static boolean isInPath(SparkConf template) {
    return has(template, Settings.DATA_PATH);
  }

  private static boolean has(SparkConf template, Setting<?> setting) {
    return template.get(setting.key(), "").contains(IntervalKey.PLACEHOLDER);
  }

  /** Puts the interval in its places: paths, queries and filters, nowhere else. */
  public static void fill(SparkConf settings, IntervalKey interval) {
    for (List<Setting<?>> some : List.of(OF_DATA, OF_HELD_OUT)) {
      for (Setting<?> setting : some) {
        if (settings.contains(setting.key())) {
          settings.set(setting.key(), interval.fill(settings.get(setting.key())));
        }
      }
    }
  }

  /**
   * The same settings, with the held-out data in the place of the interval's: another place with
   * its own filter or none, or the same place with another filter.
   *
   * @param filled has the interval in it
   */
  public static SparkConf heldOut(SparkConf filled) {
    SparkConf settings = filled.clone();
    boolean elsewhere =
        List.of(
                Settings.RETRAIN_HELD_OUT_PATH,
                Settings.RETRAIN_HELD_OUT_TABLE,
                Settings.RETRAIN_HELD_OUT_QUERY)
            .stream()
            .anyMatch(setting -> settings.contains(setting.key()));
    (elsewhere ? LOCATION : List.of(Settings.DATA_FILTER))
        .forEach(setting -> settings.remove(setting.key()));
    take(settings, Settings.RETRAIN_HELD_OUT_PATH, Settings.DATA_PATH);
    take(settings, Settings.RETRAIN_HELD_OUT_TABLE, Settings.DATA_TABLE);
    take(settings, Settings.RETRAIN_HELD_OUT_QUERY, Settings.DATA_QUERY);
    take(settings, Settings.RETRAIN_HELD_OUT_FILTER, Settings.DATA_FILTER);
    return settings;
  }

  private static void take(SparkConf settings, Setting<?> from, Setting<?> to) {
    if (settings.contains(from.key())) {
      settings.set(to.key(), settings.get(from.key()));
    }
  }

  /**
   * The settings that training depends on, for records; what may be a secret is left out.
   *
   * @param filled has the interval in it
   */
  public static Map<String, String> ofTraining(SparkConf filled) {
    Map<String, String> settings = new TreeMap<>();
    for (var setting : filled.getAllWithPrefix(Settings.PREFIX)) {
      if (!setting._1().startsWith("retrain.")) {
        settings.put(Settings.PREFIX + setting._1(), shown(setting._1(), setting._2()));
      }
    }
    return settings;
  }

  private static String shown(String name, String value) {
    SettingPrefix options = Settings.DATA_OPTIONS;
    return name.startsWith(options.name()) && SECRET.matcher(name).matches() ? "(a secret)" : value;
  }
}
