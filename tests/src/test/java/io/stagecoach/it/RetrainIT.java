package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nights of retraining with executors: a good day whose driver is killed half-way and which is
 * started again, one of wrong labels, and a day run again.
 */
class RetrainIT {

  private static final int ROWS = 600;

  @TempDir Path directory;
  private Workshop workshop;

  /** The second half of the rows is of another day, whose labels are drawn by lot. */
  @BeforeEach
  void days() throws IOException {
    workshop = new Workshop(directory);
    List<String> lines = Files.readAllLines(workshop.table(ROWS));
    Random lot = new Random(5);
    List<String> days = new ArrayList<>();
    days.add("day," + lines.get(0));
    for (int i = 1; i <= ROWS; i++) {
      String line = lines.get(i);
      days.add(
          i <= ROWS / 2
              ? "2026-11-18," + line
              : "2026-11-19," + line.substring(0, line.lastIndexOf(',') + 1) + lot.nextInt(3));
    }
    workshop.write("table.csv", String.join("\n", days) + "\n");
    workshop.write("model.json", Workshop.classifier().toJson());
  }

  private StagecoachProcess start(String interval) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.remove("spark.stagecoach.output.path");
    settings.put("spark.stagecoach.epochs", "10");
    settings.put("spark.stagecoach.checkpoint.interval", "10");
    settings.put("spark.stagecoach.data.filter", "day = '{interval}'");
    settings.put("spark.stagecoach.data.validationShare", "0.3");
    settings.put("spark.stagecoach.retrain.folder", workshop.path("models").toString());
    return workshop.start("retrain", settings, "--interval", interval);
  }

  private StagecoachProcess.Outcome retrain(String interval) {
    try (StagecoachProcess run = start(interval)) {
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(3));
      workshop.assertTidy(run, outcome);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      return outcome;
    }
  }

  private JsonNode json(String name) throws IOException {
    return new ObjectMapper().readTree(workshop.path("models").resolve(name).toFile());
  }

  @Test
  void aGoodDayIsPromotedABadOneIsNot() throws IOException {
    try (StagecoachProcess killed = start("2026-11-18")) {
      DriverKill.atCheckpointAfter(
          0, workshop, "models/intervals/2026-11-18/attempt-0001/model", killed);
    }
    assertThat(workshop.path("models/accepted")).doesNotExist();

    StagecoachProcess.Outcome first = retrain("2026-11-18");
    assertThat(first.out()).contains("Resumed at step ");
    assertThat(first.lastLine().get("decision").asText()).isEqualTo("promoted");
    assertThat(first.lastLine().get("accepted").asText())
        .endsWith("models/intervals/2026-11-18/attempt-0001/model");

    StagecoachProcess.Outcome bad = retrain("2026-11-19");
    JsonNode line = bad.lastLine();
    assertThat(line.get("decision").asText()).as(bad.toString()).isEqualTo("refused");
    assertThat(line.get("candidate_metric").asDouble())
        .as("better at the wrong labels")
        .isLessThan(line.get("accepted_metric").asDouble());
    assertThat(line.get("reason").asText())
        .contains("worse on the data that the accepted model was accepted on");
    assertThat(line.get("accepted")).isEqualTo(first.lastLine().get("accepted"));

    JsonNode record = json("intervals/2026-11-19/attempt-0001/record.json");
    assertThat(record.get("decision").asText()).isEqualTo("refused");
    assertThat(record.get("metric").asText()).isEqualTo("loss");
    assertThat(record.get("data").get("kind").asText()).isEqualTo("files");
    assertThat(record.get("settings").get("spark.stagecoach.data.filter").asText())
        .isEqualTo("day = '2026-11-19'");
    assertThat(record.get("candidate").get("metrics").get("accuracy").asDouble()).isBetween(0., 1.);
    assertThat(record.get("accepted").get("ref").get("interval").asText()).isEqualTo("2026-11-18");
    assertThat(record.get("versions").get("spark").asText()).startsWith("3.5");
    assertThat(record.get("versions").get("stagecoach").asText()).isNotEqualTo("unknown");
    assertThat(record.get("seconds").asDouble()).isPositive();
    assertThat(json("accepted/0000000001.json").get("model").get("interval").asText())
        .isEqualTo("2026-11-18");
    assertThat(workshop.path("models/accepted").toFile().list()).hasSize(1);
    assertThat(workshop.path("models/lease")).isEmptyDirectory();

    List<String> before = tree();
    StagecoachProcess.Outcome again = retrain("2026-11-19");
    assertThat(again.lastLine().get("done_before").asText()).isEqualTo("yes");
    assertThat(again.lastLine().get("decision").asText()).isEqualTo("refused");
    assertThat(tree()).isEqualTo(before);
  }

  private List<String> tree() throws IOException {
    try (Stream<Path> all = Files.walk(workshop.path("models"))) {
      return all.map(Path::toString).sorted().toList();
    }
  }
}
