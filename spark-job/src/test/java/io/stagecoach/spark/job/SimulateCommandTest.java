package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.engine.profile.LayerTimes;
import io.stagecoach.engine.profile.PassTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.engine.profile.SizeTimes;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.report.BestFigures;
import io.stagecoach.report.BubbleFigures;
import io.stagecoach.report.HopFigures;
import io.stagecoach.report.HopSide;
import io.stagecoach.report.LossFigures;
import io.stagecoach.report.NormFigures;
import io.stagecoach.report.PlanFigures;
import io.stagecoach.report.ProfileJson;
import io.stagecoach.report.ReportJson;
import io.stagecoach.report.RunReport;
import io.stagecoach.report.StageFigures;
import io.stagecoach.report.TimeFigures;
import io.stagecoach.tensor.Narrowing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  void replicasShareTheMicroBatches() {
    Outcome outcome = run("--stages", "4", "--micro-batches", "24,23", "--replicas", "3");
    assertThat(outcome.line("1f1b"))
        .as("8 of 24 for each")
        .containsExactly("1f1b", "24", "1", "33.000", "27.27", "%", "27.27", "%", "4");
    assertThat(outcome.lines()).filteredOn(line -> line.startsWith("1f1b ")).hasSize(2);
    assertThat(outcome.lines()).last().asString().contains("3 replicas on 12 executors");
    assertThat(run("--micro-batches", "2", "--replicas", "3").code()).isEqualTo(20);
    assertThat(run("--replicas", "0").code()).isEqualTo(20);
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

  /** Two stages of 3 and 5 ms forward, 6 and 10 backward, hops of 1 ms, as a run wrote them. */
  private Path report() throws IOException {
    HopSide side = new HopSide(4, 100, 0.5);
    RunReport report =
        new RunReport(
            "1f1b",
            4,
            1,
            Map.of(),
            List.of(),
            0,
            List.of(),
            List.of(),
            10,
            0,
            5,
            new LossFigures(1, 1, 1, 0, List.of(), List.of()),
            Map.of(),
            BestFigures.none(),
            0,
            new NormFigures(1, 1, 1),
            new TimeFigures(1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
            List.of(),
            List.of(
                new StageFigures(0, 0, 3, 6, Double.NaN, 36, 0, 2, side, side),
                new StageFigures(1, 1, 5, 10, Double.NaN, 60, 0, 1, side, side)),
            new BubbleFigures(0, 0, 0, 0, 1),
            new HopFigures(side, side, Narrowing.none()),
            PlanFigures.none());
    return Files.writeString(directory.resolve("report.json"), ReportJson.write(report));
  }

  /** GPipe: all forwards of the slower stage, a hop each way, its backwards, and the ends. */
  @Test
  void asksWhatIfOfAReport() throws IOException {
    String file = report().toString();
    Outcome outcome = run("--profile", file, "--micro-batches", "4,8", "--schedule", "gpipe");
    assertThat(outcome.code()).isZero();
    // 3 + 1 + 4×5 + 4×10 + 1 + 6.
    assertThat(outcome.line("gpipe")).startsWith("gpipe", "4", "1", "71.000");
    // Half of each, but the hops, of twice as many.
    assertThat(outcome.lines()).anyMatch(line -> line.matches("gpipe +8 +1 +66\\.500 .*"));
    // A stage's time is shared out among its chunks.
    assertThat(run("--profile", file, "--chunks", "2").line("looped-bfs"))
        .startsWith("looped-bfs", "8", "2");
    assertThat(run("--profile", file, "--stages", "3").code()).isEqualTo(20);
    assertThat(run("--profile", file, "--hop", "3").code()).isEqualTo(20);
    assertThat(run("--profile", directory.resolve("none").toString()).code()).isEqualTo(20);
    Path other = Files.writeString(directory.resolve("other.json"), "{\"a\": 1}");
    assertThat(run("--profile", other.toString()).code()).isEqualTo(ErrorKind.DATA.exitCode());
  }

  /** Four layers of 1 ms forward and 2 backward at 8 examples, of 0.75 and 1.5 at 4. */
  @Test
  void asksWhatIfOfAProfile() throws IOException {
    List<LayerCost> layers = new ArrayList<>();
    List<PassTimes> eight = new ArrayList<>();
    List<PassTimes> four = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      layers.add(new LayerCost(i, "layer" + i, "Dense", 8, 32, 800, 800, 0, 1, 2));
      eight.add(new PassTimes(1_000_000, 2_000_000, 1_000_000, 1_000_000));
      four.add(new PassTimes(750_000, 1_500_000, 750_000, 750_000));
    }
    RunProfile profile =
        new RunProfile(
            32,
            new ModelCosts(layers, 64, 8),
            new LayerTimes(List.of(new SizeTimes(4, four), new SizeTimes(8, eight))),
            new HopTimes(100_000, 125),
            1);
    assertThat(ProfileJson.read(ProfileJson.write(profile))).isEqualTo(profile);
    Path file = Files.writeString(directory.resolve("profile.json"), ProfileJson.write(profile));
    Outcome two = run("--profile", file.toString(), "--stages", "2", "--micro-batches", "4,8,2");
    assertThat(two.code()).isZero();
    // 800 bytes in 0.2 ms: 2 + 0.2 + 4×(2 + 4) + 0.2 + 4.
    assertThat(two.line("gpipe")).startsWith("gpipe", "4", "1", "30.400");
    // Of 4 examples, 400 bytes in 0.15 ms: 1.5 + 0.15 + 8×(1.5 + 3) + 0.15 + 3.
    assertThat(two.lines()).anyMatch(line -> line.matches("gpipe +8 +1 +40\\.800 .*"));
    // Of 16, in proportion: 4 + 0.3 + 2×(4 + 8) + 0.3 + 8.
    assertThat(two.lines()).anyMatch(line -> line.matches("gpipe +2 +1 +36\\.600 .*"));
    assertThat(run("--profile", file.toString(), "--stages", "5").code())
        .isEqualTo(ErrorKind.PLAN.exitCode());
  }
}
