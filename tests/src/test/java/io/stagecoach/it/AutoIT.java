package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run chooses by itself it says, and is then what a run does that is told so. */
class AutoIT {

  @TempDir Path directory;

  @Test
  void theWeightsAreThoseOfARunThatIsToldWhatWasChosen() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());

    Map<String, String> auto =
        Map.of("spark.stagecoach.schedule", "auto", "spark.stagecoach.microBatches", "auto");
    StagecoachProcess.Outcome outcome = train(workshop, "auto", auto);

    JsonNode report = workshop.report("auto");
    String schedule = report.get("schedule").asText();
    int microBatches = report.get("microBatches").asInt();
    assertThat(microBatches).isBetween(1, 32);
    assertThat(report.get("choices").get(0).asText())
        .startsWith("schedule=" + schedule + ", microBatches=" + microBatches + ": simulated step ")
        .containsPattern("against .*hop [0-9.]+ ms, measured in [0-9.]+ s");
    assertThat(outcome.out()).contains("Chosen: " + report.get("choices").get(0).asText());
    assertThat(outcome.err()).doesNotContain("WARN", "ERROR", "\tat ");
    Path profile = workshop.path("auto").resolve("profile.json");
    assertProfile(profile);

    JsonNode plan =
        new ObjectMapper().readTree(workshop.path("auto").resolve("plan.json").toFile());
    assertThat(plan.get("schedule").asText()).isEqualTo(schedule);
    assertThat(plan.get("microBatches").asInt()).isEqualTo(microBatches);
    String file = workshop.path("auto").resolve("plan.json").toString();
    train(
        workshop,
        "told",
        Map.of(
            "spark.stagecoach.plan.file",
            file,
            "spark.stagecoach.microBatches",
            String.valueOf(microBatches)));
    assertThat(workshop.path("told").resolve("profile.json")).doesNotExist();
    double[] weights = workshop.network("auto").params().toDoubleVector();
    assertThat(weights).containsExactly(workshop.network("told").params().toDoubleVector());

    String measured = Files.readString(profile);
    Map<String, String> again = new TreeMap<>(auto);
    again.put("spark.stagecoach.output.overwrite", "true");
    train(workshop, "auto", again);
    JsonNode reused = workshop.report("auto");
    assertThat(reused.get("choices").get(1).asText())
        .isEqualTo("the times of layers and hops in " + profile + ", which are not measured again");
    assertThat(Files.readString(profile)).isEqualTo(measured);
    assertThat(workshop.network("auto").params().toDoubleVector()).containsExactly(weights);
    assertThat(reused.at("/plan/stepMillis").asDouble()).isPositive();
    assertThat(reused.at("/plan/stages")).hasSize(2);
  }

  private static StagecoachProcess.Outcome train(
      Workshop workshop, String name, Map<String, String> difference) {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    settings.putAll(difference);
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    return outcome;
  }

  private static void assertProfile(Path file) throws IOException {
    JsonNode profile = new ObjectMapper().readTree(file.toFile());
    assertThat(profile.get("batchSize").asInt()).isEqualTo(32);
    assertThat(profile.at("/layers/sizes")).hasSizeGreaterThan(2);
    for (JsonNode size : profile.at("/layers/sizes")) {
      assertThat(size.get("layers")).hasSize(4);
      for (JsonNode layer : size.get("layers")) {
        assertThat(layer.get("forward").asLong()).isPositive();
        assertThat(layer.get("backward").asLong()).isPositive();
        assertThat(layer.get("backwardInput").asLong()).isPositive();
      }
    }
    assertThat(profile.at("/hops/fixed").asLong()).isBetween(1_000L, 100_000_000L);
  }
}
