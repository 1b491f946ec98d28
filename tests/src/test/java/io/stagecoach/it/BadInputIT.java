package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every bad input has its typed error, its exit code, and leaves no output. */
class BadInputIT {

  /** A bad input, and what is said of it. */
  private record Bad(
      String what,
      String command,
      Consumer<Broken> change,
      int code,
      String kind,
      List<String> words) {

    @Override
    public String toString() {
      return what;
    }
  }

  @TempDir static Path directory;
  private static final Map<String, StagecoachProcess.Outcome> OUTCOMES = new HashMap<>();

  /**
   * All is refused before a stage is placed: no executor has a part in it, and one driver is
   * enough.
   */
  @BeforeAll
  static void runAll() throws IOException {
    List<OneDriver.Command> commands = new ArrayList<>();
    for (Bad bad : inputs()) {
      Workshop own = workshop(bad);
      Files.createDirectory(own.directory());
      own.table(200);
      own.write("model.json", Workshop.classifier().toJson());
      Map<String, String> settings = own.classifierSettings();
      settings.put("spark.master", "local[1]");
      settings.put("spark.stagecoach.stages", "1");
      bad.change().accept(new Broken(own, settings));
      commands.add(new OneDriver.Command(bad.command(), settings));
    }
    Workshop shared = new Workshop(directory);
    List<StagecoachProcess.Outcome> outcomes = new OneDriver(shared).inSessionsOfTheirOwn(commands);
    for (int i = 0; i < commands.size(); i++) {
      OUTCOMES.put(inputs().get(i).what(), outcomes.get(i));
    }
  }

  private static Workshop workshop(Bad bad) {
    return new Workshop(directory.resolve(bad.what().replace(' ', '-')));
  }

  private record Broken(Workshop workshop, Map<String, String> settings) {

    void set(String key, String value) {
      settings.put("spark.stagecoach." + key, value);
    }

    void replaceLine(int line, String text) {
      try {
        List<String> lines = Files.readAllLines(workshop.path("table.csv"));
        lines.set(line, text);
        Files.write(workshop.path("table.csv"), lines);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private static Bad bad(
      String what, Consumer<Broken> change, int code, String kind, String... words) {
    return new Bad(what, "train", change, code, kind, List.of(words));
  }

  static List<Bad> inputs() {
    return List.of(
        bad(
            "an unknown key",
            b -> b.set("microBatch", "2"),
            20,
            "configuration",
            "spark.stagecoach.microBatch",
            "spark.stagecoach.microBatches"),
        bad(
            "a bad value",
            b -> b.set("epochs", "many"),
            20,
            "configuration",
            "spark.stagecoach.epochs",
            "many"),
        bad(
            "a missing file",
            b -> b.set("data.path", "/nowhere/table.csv"),
            21,
            "data",
            "/nowhere/table.csv"),
        bad("a wrong column", b -> b.set("data.features", "a,b,c,e"), 21, "data", "no column e"),
        bad("NaN in features", b -> b.replaceLine(7, "0.5,NaN,1,1,0"), 21, "data", "b=NaN"),
        bad("a label out of range", b -> b.replaceLine(7, "0.5,1,1,1,3"), 21, "data", "kind=3"),
        bad(
            "JSON that is not a network",
            b -> b.workshop().write("model.json", "{\"layers\": 3}"),
            22,
            "model",
            "model.json"),
        // Training would first ask for as many executors.
        new Bad(
            "more stages than layers",
            "plan",
            b -> b.set("stages", "5"),
            23,
            "plan",
            List.of("5 stages", "4 layers")),
        bad(
            "a layer that no stage can hold",
            b -> b.set("memory.limit", "1k"),
            23,
            "plan",
            "layer",
            "spark.stagecoach.memory.limit"),
        bad(
            "an output path that exists",
            b -> b.workshop().write("out", "precious"),
            24,
            "output",
            "exists",
            "spark.stagecoach.output.overwrite"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("inputs")
  void isSaidOnceAndLeavesNoOutput(Bad bad) {
    StagecoachProcess.Outcome outcome = OUTCOMES.get(bad.what());

    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(bad.code());
    JsonNode line = outcome.lastLine();
    assertThat(line.get("status").asText()).isEqualTo("failed");
    assertThat(line.get("kind").asText()).isEqualTo(bad.kind());
    assertThat(line.get("exit_code").asInt()).isEqualTo(bad.code());
    String said = line.get("error").asText() + " " + line.get("remedy").asText();
    assertThat(said).as(outcome.toString()).contains(bad.words());
    assertThat(outcome.err()).contains("Stagecoach failed:").doesNotContain("\tat ");
    if (bad.kind().equals("output")) {
      assertThat(workshop(bad).path("out")).hasContent("precious");
    } else {
      assertThat(workshop(bad).path("out")).doesNotExist();
    }
  }
}
