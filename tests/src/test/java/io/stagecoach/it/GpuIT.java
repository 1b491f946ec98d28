package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * GPUs as Spark hands them out, and as executors find them, without any: scripts make addresses up,
 * and the stages compute on the CPU, as a setting allows.
 */
class GpuIT {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir static Path directory;
  private static Workshop workshop;
  private static MultiLayerNetwork withoutGpus;

  /** One stage in one process, whose weights are those of any number of stages. */
  @BeforeAll
  static void trainWithoutGpus() throws IOException {
    workshop = new Workshop(directory);
    workshop.table(200);
    workshop.write("model.json", Workshop.classifier().toJson());
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.master", "local[1]");
    settings.put("spark.stagecoach.stages", "1");
    trains(settings, "without");
    withoutGpus = workshop.network("without");
  }

  private static void trains(Map<String, String> settings, String output) {
    settings.put("spark.stagecoach.output.path", workshop.path(output).toString());
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
  }

  private static Map<String, String> gpusBySpark() {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.executor.resource.gpu.amount", "1");
    settings.put("spark.stagecoach.gpu.cpuFallback", "true");
    return settings;
  }

  private static String script(String name, String text) {
    try {
      Path file = workshop.write(name, "#!/bin/bash\n" + text);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
      return file.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String printing(String name, String addresses) {
    return script(name, "echo '{\"name\": \"gpu\", \"addresses\": [" + addresses + "]}'\n");
  }

  /** What the report says that the stages compute on. */
  private static String devices(String output) throws IOException {
    for (JsonNode choice : workshop.report(output).get("choices")) {
      if (choice.asText().startsWith("devices: ")) {
        return choice.asText();
      }
    }
    throw new AssertionError("no devices in " + workshop.report(output));
  }

  /**
   * All workers of a local cluster have the same script: it hands out one address after the other.
   * A stage's task takes a GPU, and the tasks that prepare the data take none.
   */
  @Test
  void everyStageHasTheGpuThatSparkGaveItsExecutor() throws IOException {
    Map<String, String> settings = gpusBySpark();
    settings.put("spark.worker.resource.gpu.amount", "1");
    Path given = workshop.path("given");
    settings.put(
        "spark.worker.resource.gpu.discoveryScript",
        script(
            "in-turn.sh",
            """
            exec 9>>%1$s; flock 9
            echo >>%1$s
            echo "{\\"name\\": \\"gpu\\", \\"addresses\\": [\\"GPU-made-up-$(wc -l <%1$s)\\"]}"
            """
                .formatted(given)));
    settings.put("spark.eventLog.enabled", "true");
    Path events = Files.createDirectories(workshop.path("events"));
    settings.put("spark.eventLog.dir", events.toUri().toString());
    trains(settings, "local-cluster");

    assertThat(devices("local-cluster"))
        .contains("GPU-made-up-1, but on the CPU", "GPU-made-up-2, but on the CPU")
        .containsPattern("stage 0 on GPU .*; stage 1 on GPU ");
    Networks.assertSame(workshop.network("local-cluster"), withoutGpus);

    Map<String, Set<Integer>> profiles = profilesOfStages(events);
    assertThat(profiles.get("barrier")).as("%s", profiles).hasSize(1).doesNotContain(0);
    assertThat(profiles.get("ordinary")).containsExactly(0);
  }

  /** By which of Spark's resource profiles the stages of its jobs ran. */
  private static Map<String, Set<Integer>> profilesOfStages(Path events) throws IOException {
    Map<String, Set<Integer>> profiles = new TreeMap<>();
    try (Stream<Path> files = Files.list(events)) {
      for (Path file : files.toList()) {
        for (String line : Files.readAllLines(file)) {
          if (line.contains("SparkListenerStageSubmitted")) {
            JsonNode stage = MAPPER.readTree(line).get("Stage Info");
            boolean isBarrier = false;
            for (JsonNode rdd : stage.get("RDD Info")) {
              isBarrier |= rdd.get("Barrier").asBoolean();
            }
            profiles
                .computeIfAbsent(isBarrier ? "barrier" : "ordinary", kind -> new TreeSet<>())
                .add(stage.get("Resource Profile Id").asInt());
          }
        }
      }
    }
    return profiles;
  }

  @Test
  void theStagesOfAStandaloneClusterToo() throws IOException {
    try (StandaloneCluster cluster =
        StandaloneCluster.start(
            workshop.path("daemons"),
            worker ->
                List.of(
                    "-Dspark.worker.resource.gpu.amount=1",
                    "-Dspark.worker.resource.gpu.discoveryScript="
                        + printing("worker-" + worker + ".sh", "\"" + (5 + worker) + "\"")))) {
      Map<String, String> settings = gpusBySpark();
      settings.put("spark.master", cluster.master());
      settings.put("spark.cores.max", "2");
      // Every task takes a share of its executor's, and a stage's, too.
      settings.put("spark.task.resource.gpu.amount", "0.25");
      settings.put("spark.stagecoach.exchange", "shuffle");
      trains(settings, "standalone");

      assertThat(devices("standalone")).contains("GPU 5, but on the CPU", "GPU 6, but on the CPU");
      Networks.assertSame(workshop.network("standalone"), withoutGpus);

      settings.put("spark.stagecoach.gpu.cpuFallback", "false");
      settings.put("spark.stagecoach.exchange", "streaming");
      settings.put("spark.stagecoach.output.path", workshop.path("refused").toString());
      StagecoachProcess.Outcome refused = workshop.run("train", settings);
      assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(25);
      assertThat(refused.lastLine().get("error").asText())
          .contains("would compute on the CPU: ND4J has loaded its CPU backend");
    }
  }

  private static Map<String, String> gpusFoundByExecutors() {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.gpu.find", printing("one.sh", "\"GPU-only\""));
    settings.put("spark.stagecoach.gpu.lockFolder", workshop.path("locks").toString());
    settings.put("spark.stagecoach.gpu.cpuFallback", "true");
    return settings;
  }

  /**
   * One GPU for two executors of a host: whoever finds it free has it. What a pin asks for is what
   * executors compute on, which they are asked.
   */
  @Test
  void executorsFindTheirGpusThemselves() throws IOException {
    Map<String, String> settings = gpusFoundByExecutors();
    settings.put("spark.stagecoach.pin.stages", "0:cpu");
    trains(settings, "mixed");

    assertThat(devices("mixed"))
        .contains("GPU GPU-only, but on the CPU", "CPU (others have taken the host's GPU-only)");
    Networks.assertSame(workshop.network("mixed"), withoutGpus);
  }

  @Test
  void aStageThatIsWantedOnAGpuIsNotPutOnTheCpu() {
    Map<String, String> settings = gpusFoundByExecutors();
    settings.put("spark.stagecoach.pin.stages", "1:gpu");
    // All of it is waited for, and executors must be there by then.
    settings.put("spark.stagecoach.deadline.launch", "20s");
    StagecoachProcess.Outcome refused = workshop.run("train", settings);
    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(25);
    assertThat(refused.lastLine().get("error").asText())
        .contains("The pins \"1:gpu\" take 1 executor that compute on a GPU, and there are 0")
        .containsPattern("executors are 0 on \\S+ \\(cpu\\), 1 on \\S+ \\(cpu\\)");
  }
}
