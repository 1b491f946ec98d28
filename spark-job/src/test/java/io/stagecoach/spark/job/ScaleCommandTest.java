package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The study of the cluster that {@code conf} describes. */
class ScaleCommandTest {

  private static final Path CLUSTER = Path.of("..", "conf", "scaling.json");

  @TempDir Path directory;

  private record Outcome(int code, List<String> lines) {}

  private static Outcome run(String... arguments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int code;
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      code = new CommandLine(new ScaleCommand(out)).execute(arguments);
    }
    return new Outcome(code, bytes.toString(StandardCharsets.UTF_8).lines().toList());
  }

  @Test
  void everyNumberOfStagesAndReplicasHasItsLine() throws IOException {
    Path json = directory.resolve("points.json");
    Outcome outcome =
        run(
            "--cluster",
            CLUSTER.toString(),
            "--stages",
            "2,16",
            "--replicas",
            "1,64",
            "--recompute",
            "stage",
            "--json",
            json.toString());

    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(outcome.lines()).hasSize(7);
    assertThat(outcome.lines().get(1)).matches(" +2 +1 +2 .*!.*");
    assertThat(outcome.lines().get(4)).matches(" +16 +64 +1024 .*");
    assertThat(outcome.lines().get(5)).contains("more memory than its device has");
    assertThat(outcome.lines().get(6)).containsPattern("From [0-9]+ devices on");
    JsonNode points = new ObjectMapper().readTree(json.toFile());
    assertThat(points).hasSize(4);
    JsonNode last = points.get(3);
    // All replicas' gradients, of four bytes each.
    assertThat(last.get("driver").get("driverBytes").asDouble())
        .isEqualTo(64 * 4.0 * (205_848_576 + 1024L * 201_379_840));
    assertThat(last.get("examples").asLong()).isEqualTo(64 * 64);
  }

  @Test
  void whatCannotBeStudiedHasItsExitCode() throws IOException {
    assertThat(run("--cluster", directory.resolve("nothing.json").toString()).code()).isEqualTo(20);
    Path broken = Files.writeString(directory.resolve("broken.json"), "{}");
    assertThat(run("--cluster", broken.toString()).code()).isEqualTo(20);
    assertThat(run("--cluster", CLUSTER.toString(), "--stages", "0").code()).isEqualTo(20);
    assertThat(run("--cluster", CLUSTER.toString(), "--stages", "1026").code()).isEqualTo(23);
  }
}
