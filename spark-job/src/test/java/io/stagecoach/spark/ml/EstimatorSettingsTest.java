package io.stagecoach.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.checkpoint.Interval;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class EstimatorSettingsTest {

  private static final Path WORK = Path.of("/tmp/work");

  private static SparkConf application(String... settings) {
    SparkConf application = new SparkConf(false).set("spark.master", "yarn");
    for (int i = 0; i < settings.length; i += 2) {
      application.set(Settings.PREFIX + settings[i], settings[i + 1]);
    }
    return application;
  }

  @Test
  void paramsComeBeforeLinesAndTheseBeforeTheApplication() {
    StagecoachConf conf =
        new EstimatorSettings(
                SettingLines.parse(new String[] {"epochs=2", "clip.norm=3"}),
                Map.of(Settings.EPOCHS, "1"))
            .forFit(application("epochs", "3", "clip.norm", "4", "seed", "5"), WORK);
    assertThat(conf.epochs()).isEqualTo(1);
    assertThat(conf.clipNorm()).isEqualTo(3);
    assertThat(conf.seed()).isEqualTo(5);
  }

  @Test
  void theDataIsTheTableAndNothingIsLeftBehind() {
    StagecoachConf conf =
        new EstimatorSettings(Map.of(), Map.of())
            .forFit(
                application("data.path", "a.csv", "data.filter", "x > 1", "output.path", "out"),
                WORK);
    assertThat(conf.dataPath()).isEmpty();
    assertThat(conf.dataFilter()).isEmpty();
    assertThat(conf.outputPath()).contains("file:///tmp/work/output");
    assertThat(conf.checkpointInterval()).isEqualTo(Interval.never());
    assertThat(conf.batchStoreKeep()).isFalse();
    assertThat(conf.batchStorePath()).as("executors elsewhere could not reach it").isEmpty();
  }

  @Test
  void anOutputThatIsNamedIsKept() {
    StagecoachConf conf =
        new EstimatorSettings(
                SettingLines.parse(new String[] {"output.path=hdfs:///m", "batchStore.keep=true"}),
                Map.of())
            .forFit(application(), WORK);
    assertThat(conf.outputPath()).contains("hdfs:///m");
    assertThat(conf.checkpointInterval()).isNotEqualTo(Interval.never());
    assertThat(conf.batchStoreKeep()).isTrue();
  }

  @Test
  void aModelOfItsOwnTakesThePlaceOfTheApplications() {
    StagecoachConf conf =
        new EstimatorSettings(Map.of(), Map.of(Settings.MODEL_CONFIG, "{}"))
            .forFit(application("model.preset", "mlp", "model.preset.hidden", "5"), WORK);
    assertThat(conf.modelPreset()).isEmpty();
    assertThat(conf.modelPresetSettings()).isEmpty();
    assertThat(conf.modelConfig()).contains("file:///tmp/work/model.json");
  }
}
