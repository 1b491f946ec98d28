package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.MappingIterator;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.dataformat.yaml.YAMLFactory;

/**
 * The settings for Kubernetes are settings of the job, and name pod templates that are ones; the
 * files for the Spark operator say the same; and the image has what all of them name.
 */
class KubernetesConfTest {

  private static final Path ROOT = Path.of("..");
  private static final Pattern COPY = Pattern.compile("COPY (--from=\\S+ )?(\\S+) (/\\S+)");

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

  /** The files of the repository that go into the image, by where they are in it. */
  private static Map<String, String> copied() throws IOException {
    Map<String, String> copied = new TreeMap<>();
    for (String line : Files.readAllLines(ROOT.resolve("spark-job/docker/Dockerfile"))) {
      Matcher copy = COPY.matcher(line);
      if (copy.matches()) {
        copied.put(copy.group(3), copy.group(2));
        if (copy.group(1) == null) {
          assertThat(ROOT.resolve(copy.group(2))).exists();
        }
      }
    }
    return copied;
  }

  /** The account that the settings name is the one that the file makes. */
  @Test
  void theServiceAccountIsMadeByItsFile() throws IOException {
    Path file = ROOT.resolve("conf/kubernetes/service-account.yaml");
    String account =
        settings().get("spark.kubernetes.authenticate.driver.serviceAccountName", "default");
    try (MappingIterator<JsonNode> all =
        new ObjectMapper(new YAMLFactory()).readerFor(JsonNode.class).readValues(file.toFile())) {
      assertThat(all.readAll())
          .filteredOn(one -> one.get("kind").asText().equals("ServiceAccount"))
          .singleElement()
          .satisfies(
              one -> assertThat(one.get("metadata").get("name").asText()).isEqualTo(account));
    }
  }

  @Test
  void theImageHasWhatItsContainersStart() throws IOException {
    assertThat(copied())
        .containsEntry("/opt/entrypoint.sh", "spark-job/docker/entrypoint.sh")
        // Where Spark looks for it, unless it is told otherwise.
        .containsEntry("/opt/decom.sh", "spark-job/docker/decom.sh");
    for (String script : copied().values()) {
      if (script.endsWith(".sh")) {
        assertThat(ROOT.resolve(script)).isExecutable();
      }
    }
    assertThat(ROOT.resolve("spark-job/docker/Dockerfile"))
        .content()
        .contains("\"/opt/entrypoint.sh\"]\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"conf/retraining-schedule.yaml", "conf/kubernetes/spark-application.yaml"})
  void theOperatorsFilesNameSettingsAndTheImagesJar(String file) throws IOException {
    JsonNode application =
        new ObjectMapper(new YAMLFactory()).readTree(ROOT.resolve(file).toFile()).get("spec");
    JsonNode spec = application.has("template") ? application.get("template") : application;
    assertThat(spec.get("image").asText())
        .isEqualTo(settings().get("spark.kubernetes.container.image"));
    String jar = spec.get("mainApplicationFile").asText();
    assertThat(copied()).containsKey(jar.replace("local://", ""));
    SparkConf conf = new SparkConf(false);
    spec.get("sparkConf")
        .fields()
        .forEachRemaining(entry -> conf.set(entry.getKey(), entry.getValue().asText()));
    assertThat(StagecoachConf.from(conf).stages())
        .isEqualTo(spec.get("executor").get("instances").asInt());
  }
}
