package io.stagecoach.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher as a user meets it: from a directory of their own, with a space in its name. */
@Isolated("It looks at what the launcher leaves behind.")
class LauncherIT {

  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path LAUNCHER = HOME.resolve("spark-job/bin/stagecoach");

  private record Ended(int code, String out, String err) {

    /** The fields of the last line. */
    JsonNode lastLine() throws IOException {
      List<String> lines = out.lines().toList();
      String last = lines.get(lines.size() - 1);
      assertThat(last).startsWith("STAGECOACH {");
      return new ObjectMapper().readTree(last.substring("STAGECOACH ".length()));
    }
  }

  @TempDir private Path temporary;
  private Path directory;

  @BeforeEach
  void aDirectoryWithASpace() throws IOException {
    directory = Files.createDirectory(temporary.resolve("a user's place"));
  }

  private Ended launch(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
    command.addAll(List.of(arguments));
    Path out = temporary.resolve("out");
    Path err = temporary.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().remove("SPARK_HOME");
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as(Files.readString(err)).isTrue();
    } finally {
      process.destroy();
    }
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static List<Path> runs() throws IOException {
    Path runs = HOME.resolve("spark-job/target/runs");
    if (!Files.exists(runs)) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(runs)) {
      return found.toList();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train my.txt",
        "train --conf",
        "train --conf spark.stagecoach.stages",
        "train --properties-file not-there.properties",
        "train --master yarn",
        "sample",
        "sample ../Other",
        "--master local"
      })
  void whatIsWrittenWronglyIsSaidWithItsOwnExitCode(String arguments) throws Exception {
    Ended ended = launch(Map.of(), arguments.split(" ", -1));
    assertThat(ended.code()).as(ended.err()).isEqualTo(20);
    assertThat(ended.err()).startsWith("stagecoach: ");
    assertThat(ended.lastLine().get("kind").asText()).isEqualTo("configuration");
    assertThat(ended.lastLine().get("exit_code").asInt()).isEqualTo(20);
    assertThat(ended.lastLine().get("remedy").asText()).isNotEmpty();
  }

  @Test
  void moreMemoryThanThereIsIsRefusedBeforeAnythingStarts() throws Exception {
    Ended ended = launch(Map.of(), "train", "--executor-memory", "900t");
    assertThat(ended.code()).as(ended.err()).isEqualTo(30);
    assertThat(ended.lastLine().get("kind").asText()).isEqualTo("resource");
  }

  @Test
  void aSparkHomeThatIsNoneIsSaid() throws Exception {
    Ended ended = launch(Map.of("SPARK_HOME", directory.toString()), "train");
    assertThat(ended.code()).as(ended.err()).isEqualTo(20);
    assertThat(ended.lastLine().get("error").asText()).contains(directory.toString());
  }

  @Test
  void aJobRunsOnExecutorsAndWritesWhereTheUserIs() throws Exception {
    List<Path> before = runs();
    Ended ended = launch(Map.of(), "sample", "tabular-data", "--", "my table", "1000");
    assertThat(ended.code()).as(ended.err()).isZero();
    assertThat(ended.out()).contains("1000 rows of 20 features and 4 classes written to my table");
    assertThat(directory.resolve("my table/_SUCCESS")).exists();
    assertThat(ended.err()).doesNotContain("ERROR", "WARN");
    assertThat(runs()).as("nothing is left of the run").isSubsetOf(before);
  }

  @Test
  void schedulesAreSimulatedWithoutSpark() throws Exception {
    List<Path> before = runs();
    Ended ended =
        launch(
            Map.of(),
            "simulate --stages 4 --micro-batches 4,8,16 --hop 0.5 --timeline page.html".split(" "));
    assertThat(ended.code()).as(ended.err()).isZero();
    assertThat(ended.out().lines().filter(line -> line.startsWith("1f1b "))).hasSize(3);
    // (M+S−1)(f+b), and what six hops to and fro add at the least.
    assertThat(ended.out().lines().filter(line -> line.matches("gpipe +4 .*")).findFirst())
        .hasValueSatisfying(line -> assertThat(line).contains(" 24.000 "));
    assertThat(ended.out()).doesNotContain("STAGECOACH", "Spark");
    assertThat(ended.err()).doesNotContain("Spark", "ERROR", "WARN");
    assertThat(directory.resolve("page.html")).isNotEmptyFile();
    assertThat(runs()).as("no directory of a Spark run").isSubsetOf(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--schedule zigzag",
        "--stages 0",
        "--stages many",
        "--no-such-option",
        "--schedule-file not-there.txt"
      })
  void whatCannotBeSimulatedIsSaid(String arguments) throws Exception {
    Ended ended = launch(Map.of(), ("simulate " + arguments).split(" "));
    assertThat(ended.code()).as(ended.err()).isEqualTo(20);
    assertThat(ended.err()).isNotBlank().doesNotContain("\tat ");
  }

  @Test
  void afterTheFirstTrainingJavaHasItsClassesReadyMade() throws Exception {
    List<Path> before = runs();
    Ended first = launch(Map.of(), "train", "--conf", "spark.stagecoach.maxSteps=1");
    assertThat(first.code()).as(first.err()).isZero();
    try (Stream<Path> archives = Files.list(HOME.resolve("spark-job/target/archives"))) {
      assertThat(archives.map(file -> file.getFileName().toString()))
          .as(first.err())
          .filteredOn(name -> name.startsWith("text-"))
          .singleElement()
          .satisfies(name -> assertThat(name).endsWith(".jsa"));
    }

    // The user's own default options stay in force beside the launcher's.
    String log = "-Xlog:class+load:file=\"" + directory.resolve("classes-%p.log") + "\"";
    Ended second =
        launch(
            Map.of(),
            "train",
            "--conf",
            "spark.stagecoach.maxSteps=1",
            "--conf",
            "spark.driver.defaultJavaOptions=" + log,
            "--conf",
            "spark.executor.defaultJavaOptions=" + log);
    assertThat(second.code()).as(second.err()).isZero();
    assertThat(second.lastLine().get("loss")).isEqualTo(first.lastLine().get("loss"));
    try (Stream<Path> logs = Files.list(directory)) {
      assertThat(logs.filter(file -> file.toString().endsWith(".log")).toList())
          .as("a driver and two executors")
          .hasSize(3)
          .allSatisfy(
              file ->
                  assertThat(Files.readString(file))
                      .contains(
                          "io.stagecoach.error.StagecoachException source: shared objects file",
                          "org.apache.spark.SparkEnv source: shared objects file",
                          "org.nd4j.linalg.factory.Nd4j source: shared objects file"));
    }
    assertThat(runs()).as("nothing is left of the runs").isSubsetOf(before);
  }

  @Test
  void theJobsExitCodeIsTheLaunchers() throws Exception {
    Ended ended = launch(Map.of(), "sample", "tabular-data", "--", "table", "not-a-number");
    // What spark-submit ends with when a main class throws.
    assertThat(ended.code()).as(ended.err()).isEqualTo(1);
    assertThat(ended.err()).contains("NumberFormatException");
  }
}
