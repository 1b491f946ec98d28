package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.dataformat.yaml.YAMLFactory;

/** The settings for Kubernetes are settings of the job, and name pod templates that are ones. */
class KubernetesConfTest {

  private static final Path ROOT = Path.of("..");

  private static SparkConf settings() throws IOException {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(ROOT.resolve("conf/kubernetes.properties"))) {
      properties.load(in);
    }
    SparkConf settings = new SparkConf(false).setMaster("k8s://https://host:6443");
    properties.forEach((key, value) -> settings.set(key.toString(), value.toString()));
    return settings;
  }

  @Test
  void theSettingsAreUnderstood() throws IOException {
    SparkConf settings = settings();
    int stages = StagecoachConf.from(settings).stages();
    assertThat(settings.getInt("spark.executor.instances", 0)).isEqualTo(stages);
    assertThatCode(() -> SparkSettingsCheck.check(settings, stages)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"driver", "executor"})
  void aTemplateIsAPodWithSparksContainer(String role) throws IOException {
    String file = settings().get("spark.kubernetes." + role + ".podTemplateFile");
    JsonNode pod = new ObjectMapper(new YAMLFactory()).readTree(ROOT.resolve(file).toFile());
    assertThat(pod.get("kind").asText()).isEqualTo("Pod");
    assertThat(pod.get("spec").get("containers").get(0).get("name").asText())
        .isEqualTo("spark-kubernetes-" + role);
    if (role.equals("driver")) {
      // What the run needs to end a step and write a checkpoint.
      long stop = StagecoachConf.from(settings()).deadlineStop().toSeconds();
      assertThat(pod.get("spec").get("terminationGracePeriodSeconds").asLong())
          .isGreaterThan(stop + 10);
    }
  }
}
