package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every bad input has its typed error, its exit code, and leaves no output. */
class BadInputIT {

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeEach
  void prepare() {
    workshop = new Workshop(directory);
    workshop.table(200);
    workshop.write("model.json", Workshop.classifier().toJson());
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

  private static Arguments bad(
      String what, Consumer<Broken> change, int code, String kind, String... words) {
    return Arguments.of(what, change, code, kind, List.of(words));
  }

  static List<Arguments> inputs() {
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
        bad(
            "more stages than layers",
            b -> {
              b.settings().put("spark.master", "local-cluster[1,1,1024]");
              b.set("stages", "5");
            },
            23,
            "plan",
            "5 stages",
            "4 layers"),
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
  void isSaidOnceAndLeavesNoOutput(
      String what, Consumer<Broken> change, int code, String kind, List<String> words) {
    Map<String, String> settings = workshop.classifierSettings();
    // All is refused before a stage is placed: no executor has a part in it.
    settings.put("spark.master", "local[1]");
    settings.put("spark.stagecoach.stages", "1");
    change.accept(new Broken(workshop, settings));

    StagecoachProcess.Outcome outcome = workshop.run("train", settings);

    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(code);
    JsonNode line = outcome.lastLine();
    assertThat(line.get("status").asText()).isEqualTo("failed");
    assertThat(line.get("kind").asText()).isEqualTo(kind);
    assertThat(line.get("exit_code").asInt()).isEqualTo(code);
    String said = line.get("error").asText() + " " + line.get("remedy").asText();
    assertThat(said).as(outcome.toString()).contains(words);
    assertThat(outcome.err()).contains("Stagecoach failed:").doesNotContain("\tat ");
    if (kind.equals("output")) {
      assertThat(workshop.path("out")).hasContent("precious");
    } else {
      assertThat(workshop.path("out")).doesNotExist();
    }
  }
}
