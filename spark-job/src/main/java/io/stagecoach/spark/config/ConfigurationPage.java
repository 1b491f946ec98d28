package io.stagecoach.spark.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The documentation of every setting, as Markdown: {@code docs/configuration.md}. */
public final class ConfigurationPage {

  private static final String HEAD =
      """
      # Configuration

      <!-- Generated from io.stagecoach.spark.config.Settings; the test ConfigurationPageTest says how. -->

      Every setting is a key of Spark's configuration, so `--conf`, `--properties-file` and everything else that
      configures a Spark application works. An unknown key below `spark.stagecoach.` is an error that names the nearest one;
      all errors are reported at once, before anything is started.

      Sizes and times are written as everywhere in Spark: `512k`, `64m`, `8g`; `500ms`, `30s`, `10min`, `2h`.
      """;

  private ConfigurationPage() {}

  /** The whole page. */
  public static String render() {
    Set<String> sections = new LinkedHashSet<>();
    Settings.all().forEach(setting -> sections.add(setting.section()));
    List<String> lines = new ArrayList<>();
    for (String section : sections) {
      lines.add("");
      lines.add("## " + section);
      lines.add("");
      lines.add("| key | default | what it decides | allowed |");
      lines.add("| --- | --- | --- | --- |");
      for (Setting<?> setting : Settings.all()) {
        if (setting.section().equals(section)) {
          String text = setting.defaultText();
          lines.add(
              row(
                  setting.key(),
                  text.isEmpty() ? "" : "`" + text + "`",
                  setting.sentence(),
                  setting.type().allowed()));
        }
      }
      for (SettingPrefix prefix : Settings.prefixes()) {
        if (prefix.section().equals(section)) {
          lines.add(row(prefix.key() + "*", "", prefix.sentence(), "any text"));
        }
      }
    }
    return HEAD + String.join("\n", lines) + "\n";
  }

  private static String row(String key, String defaultText, String sentence, String allowed) {
    return "| `" + key + "` | " + defaultText + " | " + sentence + " | " + allowed + " |";
  }
}
