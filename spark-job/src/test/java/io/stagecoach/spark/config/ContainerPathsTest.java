package io.stagecoach.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerPathsTest {

  private static void check(String master, String mode, String files, String path) {
    Configuration hadoop = new Configuration(false);
    hadoop.set("fs.defaultFS", files);
    SparkConf spark = new SparkConf(false).setMaster(master);
    if (master.startsWith("k8s") && mode.equals("cluster")) {
      // What Spark says to a driver in a pod.
      spark.set("spark.submit.deployMode", "client").set("spark.kubernetes.submitInDriver", "true");
    } else {
      spark.set("spark.submit.deployMode", mode);
    }
    ContainerPaths.check(Settings.OUTPUT_PATH, path, spark, hadoop);
  }

  @ParameterizedTest
  @CsvSource({"yarn", "k8s://https://h:443"})
  void aRelativeLocalPathWouldBeLostWithTheContainer(String master) {
    assertThatThrownBy(() -> check(master, "cluster", "file:///", "models/churn"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("spark.stagecoach.output.path is models/churn")
        .hasMessageContaining("hdfs:///user/me/churn");
  }

  @ParameterizedTest
  @CsvSource({
    "yarn, client, file:///, models/churn",
    "k8s://https://h:443, client, file:///, models/churn",
    "yarn, cluster, hdfs://h:8020, models/churn",
    "yarn, cluster, file:///, /mnt/shared/churn",
    "yarn, cluster, file:///, hdfs://h:8020/churn",
    "spark://h:7077, cluster, file:///, models/churn"
  })
  void othersMayBeSharedByAllMachines(String master, String mode, String files, String path) {
    assertThatCode(() -> check(master, mode, files, path)).doesNotThrowAnyException();
  }

  @Test
  void aSettingWithoutADeployModeIsAClient() {
    assertThatCode(
            () ->
                ContainerPaths.check(
                    Settings.OUTPUT_PATH,
                    "churn",
                    new SparkConf(false).setMaster("yarn"),
                    new Configuration(false)))
        .doesNotThrowAnyException();
  }
}
