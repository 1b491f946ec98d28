package io.stagecoach.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SparkConnectTest {

  @Test
  void aServerInSettingsOrEnvironmentIsRefused() {
    SparkConf named = new SparkConf(false).set("spark.remote", "sc://host:15002");
    StagecoachException bySetting =
        catchThrowableOfType(StagecoachException.class, () -> SparkConnect.refuse(named, Map.of()));
    assertThat(bySetting.kind()).isEqualTo(ErrorKind.CLUSTER);
    assertThat(bySetting.what()).contains("spark.remote is sc://host:15002", "Spark Connect");
    assertThat(bySetting.remedy()).contains("--master");

    StagecoachException byVariable =
        catchThrowableOfType(
            StagecoachException.class,
            () -> SparkConnect.refuse(new SparkConf(false), Map.of("SPARK_REMOTE", "sc://other")));
    assertThat(byVariable.what()).contains("SPARK_REMOTE is sc://other");
  }

  @Test
  void whoNamesNoneIsNotRefused() {
    assertThatCode(
            () ->
                SparkConnect.refuse(
                    new SparkConf(false).setMaster("yarn"), Map.of("SPARK_REMOTE", "")))
        .doesNotThrowAnyException();
  }
}
