package io.stagecoach.fuzz;

import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;

/** Settings: a line is a key behind the prefix, an equals sign, and a value. */
final class ConfigurationTarget implements FuzzTarget {

  @Override
  public String name() {
    return "configuration";
  }

  @Override
  public String toString() {
    return name();
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (Setting<?> setting : Settings.all()) {
      String text = setting.defaultText();
      if (!text.isEmpty()) {
        seeds.add((setting.name() + "=" + text).getBytes(StandardCharsets.UTF_8));
      }
    }
    seeds.add("stages=3\nbatchSize=64\nmicroBatches=8\nepochs=2".getBytes(StandardCharsets.UTF_8));
    seeds.add(
        "data.features.a=x,y\ndata.label.b=z\ndata.options.sep=;".getBytes(StandardCharsets.UTF_8));
    return seeds;
  }

  @Override
  public List<String> words() {
    List<String> words = new ArrayList<>(List.of("10min", "5s", "8g", "auto", "1e400", "-0", "="));
    Settings.all().forEach(setting -> words.add("\n" + setting.name() + "="));
    Settings.prefixes().forEach(prefix -> words.add("\n" + prefix.name()));
    return words;
  }

  @Override
  public void read(byte[] input) {
    SparkConf conf = new SparkConf(false);
    for (String line : new String(input, StandardCharsets.UTF_8).split("\n", -1)) {
      int equals = line.indexOf('=');
      if (equals >= 0) {
        conf.set(Settings.PREFIX + line.substring(0, equals), line.substring(equals + 1));
      }
    }
    StagecoachConf.from(conf).changed();
  }

  @Override
  public int cost() {
    return 4;
  }

  /** All settings are read every time, and an error may have a line for each. */
  @Override
  public long heapLimit(int inputBytes) {
    return (4 << 20) + 4000L * inputBytes;
  }
}
