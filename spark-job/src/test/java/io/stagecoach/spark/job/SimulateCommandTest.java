package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

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

class SimulateCommandTest {

  @TempDir Path directory;

  private record Outcome(int code, List<String> lines) {
    /** The words of the line of a schedule. */
    List<String> line(String schedule) {
      return lines.stream()
          .map(line -> List.of(line.trim().split(" +")))
          .filter(words -> words.get(0).equals(schedule))
          .findFirst()
          .orElseThrow();
    }
  }

  private static Outcome run(String... arguments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int code;
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      code = new CommandLine(new SimulateCommand(out)).execute(arguments);
    }
    return new Outcome(code, bytes.toString(StandardCharsets.UTF_8).lines().toList());
  }

  /** (M+S−1)(f+b), and (S−1)/(M+S−1). */
  @Test
  void saysWhatTheClosedFormsSay() {
    Outcome outcome =
        run("--stages", "4", "--micro-batches", "8", "--forward", "1", "--backward", "2");
    assertThat(outcome.code()).isZero();
    assertThat(outcome.line("1f1b"))
        .containsExactly("1f1b", "8", "1", "33.000", "27.27", "%", "27.27", "%", "4");
    assertThat(outcome.line("zb-h1"))
        .containsExactly("zb-h1", "8", "1", "27.000", "11.11", "%", "11.11", "%", "4");
    assertThat(outcome.lines()).hasSize(7);
  }

  @Test
  void chunksShareAnExecutorsTime() {
    Outcome outcome = run("--stages", "2", "--micro-batches", "4", "--chunks", "2");
    // 4 × 3 ms of work, and (S−1)(f+b)/v of waiting.
    assertThat(outcome.line("interleaved-1f1b")).contains("13.500");
    assertThat(outcome.line("1f1b")).startsWith("1f1b", "4", "1", "15.000");
  }

  @Test
  void largeShapesTakeSeconds() {
    Outcome outcome =
        run("--stages", "512", "--micro-batches", "2048", "--schedule", "gpipe,eager-1f1b");
    assertThat(outcome.line("gpipe")).contains("7677.000");
  }

  @Test
  void writesThePageAndTheTrace() throws IOException {
    Path page = directory.resolve("page.html");
    Path trace = directory.resolve("trace.json");
    Outcome outcome =
        run("--schedule", "gpipe", "--timeline", page.toString(), "--trace", trace.toString());
    assertThat(outcome.code()).isZero();
    assertThat(Files.readString(page)).contains("gpipe, M 8").endsWith("</html>\n");
    assertThat(Files.readString(trace)).contains("\"F3.7\"");
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThat(run("--schedule", "zigzag").code()).isEqualTo(20);
    assertThat(run("--stages", "3", "--forward", "1,2").code()).isEqualTo(20);
    assertThat(run("--stages", "0").code()).isEqualTo(20);
    assertThat(run("--weights", "3").code()).isEqualTo(20);
    assertThat(run("--schedule-file", directory.resolve("none").toString()).code()).isEqualTo(20);
  }
}
