package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.spark.config.StagecoachConf;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class TrainCommandTest {

  private static SparkConf adjusted(String... arguments) {
    TrainCommand command = new TrainCommand();
    new CommandLine(command).parseArgs(arguments);
    SparkConf settings =
        new SparkConf(false)
            .set("spark.stagecoach.model.preset", "mlp")
            .set("spark.stagecoach.model.preset.hidden", "5");
    command.adjust(settings);
    return settings;
  }

  @Test
  void fromTakesThePlaceOfTheModelInTheSettings() {
    StagecoachConf conf = StagecoachConf.from(adjusted("--from", "hdfs:///c/out.checkpoints"));
    assertThat(conf.modelFrom()).contains("hdfs:///c/out.checkpoints");
    assertThat(conf.modelPreset()).isEmpty();
    assertThat(conf.modelPresetSettings()).isEmpty();
  }

  @Test
  void withoutItTheSettingsStay() {
    StagecoachConf conf = StagecoachConf.from(adjusted());
    assertThat(conf.modelFrom()).isEmpty();
    assertThat(conf.modelPreset()).contains("mlp");
  }
}
