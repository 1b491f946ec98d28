package io.stagecoach.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.Recompute;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plans in files. */
class PlanFileTest {

  @TempDir Path directory;

  private SparkConf settings(String json) throws IOException {
    Path file = directory.resolve("plan.json");
    Files.writeString(file, json);
    return new SparkConf(false).set("spark.stagecoach.plan.file", file.toUri().toString());
  }

  private SparkConf expanded(String json) throws IOException {
    SparkConf settings = settings(json);
    PlanFile.expand(settings);
    return settings;
  }

  @Test
  void whatItSaysIsAmongTheSettings() throws IOException {
    SparkConf settings =
        expanded(
            """
            {
              "stages": 3, "microBatches": "auto", "schedule": "gpipe",
              "cut": [0, 4, 9],
              "pin.layers": {"0-3": 0, "output": 2},
              "pin.stages": "0:host-a,1:host-b",
              "memory.limit": "8g"
            }
            """);
    StagecoachConf conf = StagecoachConf.from(settings);
    assertThat(conf.stages()).isEqualTo(3);
    assertThat(conf.microBatches()).isEqualTo(OrAuto.auto());
    assertThat(conf.schedule()).isEqualTo(OrAuto.of("gpipe"));
    assertThat(conf.cut()).containsExactly(0, 4, 9);
    assertThat(conf.format(Settings.PIN_LAYERS)).isEqualTo("0-3:0,output:2");
    assertThat(conf.format(Settings.PIN_STAGES)).isEqualTo("0:host-a,1:host-b");
    assertThat(conf.memoryLimit().others()).isEqualTo(8L << 30);
    assertThat(conf.recompute())
        .as("what it does not say")
        .isEqualTo(OrAuto.of(List.of(Recompute.NONE)));
    assertThat(conf.isGiven(Settings.STAGES)).isTrue();
  }

  /** A tilde stands for a new line. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '|',
      value = {
        "{\"stages\": 2,~  \"cuts\": [0, 4]}; line 2, column 3: a plan has no \"cuts\"; nearest is \"cut\"",
        "{\"stages\": 2,~ \"epochs\": 4}; line 2, column 2: a plan has no \"epochs\"; nearest",
        "{\"stages\":~ 0}; line 2, column 2: \"stages\" is '0'; whole number from 1 to 4096",
        "{\"cut\": [0, 4,, 9]}; line 1, column 1; expected",
        "{\"cut\": [0, [4]]}; line 1, column 13: a text or a number is expected here; column",
        "{\"schedule\": null}; line 1, column 14: a text or a number is expected here; column",
        "{\"stages\": 2, \"stages\": 3}; line 1, column; Duplicate field 'stages'",
        "[2]; line 1, column 1: a plan is a JSON object; column",
        "{} {}; line 1, column 4: something follows the plan; column",
        "{\"stages\": 2; line 1, column; end-of-input",
      })
  void whatIsWrongIsSaidWithItsPlace(String json, String place, String why) throws IOException {
    SparkConf settings = settings(json.replace('~', '\n'));
    assertThatThrownBy(() -> PlanFile.expand(settings))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("plan.json, " + place)
        .hasMessageContaining(why);
  }

  @Test
  void aSettingThatSaysSomethingElseIsRefused() throws IOException {
    String json = "{\"stages\": 3,\n \"cut\": [0, 2, 4]}";
    SparkConf same = settings(json).set("spark.stagecoach.cut", "0, 2, 4");
    PlanFile.expand(same);
    PlanFile.expand(same);
    assertThat(StagecoachConf.from(same).stages()).isEqualTo(3);
    SparkConf other =
        settings(json).set("spark.stagecoach.cut", "0,2,5").set("spark.stagecoach.stages", "3");
    assertThatThrownBy(() -> PlanFile.expand(other))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("spark.stagecoach.cut is 0,2,5, and the plan ")
        .hasMessageContaining("plan.json says 0,2,4 in line 2");
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    SparkConf settings =
        new SparkConf(false)
            .set("spark.stagecoach.plan.file", directory.resolve("none.json").toUri().toString());
    assertThatThrownBy(() -> PlanFile.expand(settings))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("none.json cannot be read");
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Map<Setting<?>, String> values = new LinkedHashMap<>();
    values.put(Settings.STAGES, "2");
    values.put(Settings.SCHEDULE, "1f1b");
    values.put(Settings.CUT, "0,7");
    values.put(Settings.PIN_STAGES, "1:10.0.0.7");
    String json = PlanFile.write(values);
    assertThat(json).contains("\"cut\" : [ 0, 7 ]", "\"stages\" : 2,");
    SparkConf settings = expanded(json);
    values.forEach((setting, text) -> assertThat(settings.get(setting.key())).isEqualTo(text));
    assertThatThrownBy(() -> PlanFile.write(Map.of(Settings.EPOCHS, "2")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
