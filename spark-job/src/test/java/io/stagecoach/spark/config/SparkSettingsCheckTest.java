package io.stagecoach.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparkSettingsCheckTest {

  @ParameterizedTest
  @ValueSource(strings = {"local", "local[4]", "local[*]", "local[2,3]"})
  void oneProcessCannotHostTwoStages(String master) {
    StagecoachException error = refused(new SparkConf(false).setMaster(master), 3);

    assertThat(error.kind()).isEqualTo(ErrorKind.CLUSTER);
    assertThat(error.what()).contains("spark.master is " + master, "spark.stagecoach.stages is 3");
    assertThat(error.remedy()).contains("local-cluster[3,1,2048]", "spark.stagecoach.stages=1");
    assertThat(
            refused(new SparkConf(false).setMaster(master).set("spark.stagecoach.replicas", "2"), 6)
                .what())
        .contains("spark.stagecoach.stages × spark.stagecoach.replicas is 6");
    assertThatCode(() -> SparkSettingsCheck.check(new SparkConf(false).setMaster(master), 1))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"local-cluster[2,1,1024]", "yarn", "spark://h:7077", "k8s://https://h"})
  void clustersMay(String master) {
    assertThatCode(() -> SparkSettingsCheck.check(new SparkConf(false).setMaster(master), 3))
        .doesNotThrowAnyException();
  }

  @Test
  void namesEveryConflict() {
    StagecoachException error =
        refused(
            new SparkConf(false)
                .setMaster("yarn")
                .set("spark.dynamicAllocation.enabled", "true")
                .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                .set("spark.speculation", "true"),
            2);

    assertThat(error.kind()).isEqualTo(ErrorKind.CLUSTER);
    assertThat(error.what())
        .contains("spark.dynamicAllocation.enabled", "spark.serializer", "spark.speculation");
    assertThat(error.remedy())
        .contains(
            "spark.dynamicAllocation.enabled=false",
            "spark.executor.instances=2",
            "Leave spark.serializer out",
            "spark.speculation=false");
  }

  private static StagecoachException refused(SparkConf spark, int stages) {
    return catchThrowableOfType(
        StagecoachException.class, () -> SparkSettingsCheck.check(spark, stages));
  }
}
