package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run whose driver is killed, twice, and that goes on with other numbers of stages, by another
 * exchange and another schedule, ends with the file that a run ends with that nobody disturbed. Its
 * rows have categories and weights, and so have its classes.
 */
class ResumeIT {

  private static final int ROWS = 407;
  private static final int EPOCHS = 14;

  /** 366 examples to train on, 32 in a mini-batch. */
  private static final int STEPS = 12 * EPOCHS;

  @TempDir Path directory;

  @Test
  void goesOnToTheSameWeights() throws IOException {
    Workshop workshop = new Workshop(directory);
    tableOfWeightedRows(workshop);
    workshop.write("model.json", Workshop.classifier().toJson());
    DriverKill.atCheckpointAfter(
        0,
        workshop,
        settings(
            workshop,
            Map.of(
                "spark.master",
                "local-cluster[4,1,1024]",
                "spark.stagecoach.stages",
                "4",
                "spark.stagecoach.checkpoint.interval",
                "15")));
    long first = DriverKill.newestCheckpoint(workshop);

    DriverKill.atCheckpointAfter(
        first,
        workshop,
        settings(
            workshop,
            Map.of(
                "spark.stagecoach.exchange",
                "shuffle",
                "spark.stagecoach.schedule",
                "gpipe",
                "spark.stagecoach.checkpoint.interval",
                "5")));
    long second = DriverKill.newestCheckpoint(workshop);

    List<StagecoachProcess.Outcome> outcomes =
        new OneDriver(workshop)
            .inOneSession(
                List.of(
                    training(
                        workshop,
                        Map.of("spark.stagecoach.output.path", workshop.path("whole").toString())),
                    training(
                        workshop,
                        Map.of(
                            "spark.stagecoach.learningRate", "0.5",
                            "spark.stagecoach.batchSize", "16")),
                    training(
                        workshop,
                        Map.of(
                            "spark.stagecoach.stages", "3",
                            "spark.stagecoach.schedule", "eager-1f1b"))));
    StagecoachProcess.Outcome undisturbed = outcomes.get(0);
    StagecoachProcess.Outcome refused = outcomes.get(1);
    StagecoachProcess.Outcome last = outcomes.get(2);

    assertThat(undisturbed.exitCode()).as(undisturbed.toString()).isZero();
    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(20);
    assertThat(refused.lastLine().get("error").asText())
        .contains(
            "this is not the same run",
            "batchSize was 32, is 16",
            "learningRate was 0.01, is 0.5",
            "learningRate.decaySteps was " + STEPS);
    assertThat(last.exitCode()).as(last.toString()).isZero();
    assertThat(last.out()).contains("Resumed at step " + second + ",");
    assertSameRun(last.lastLine(), undisturbed.lastLine());
    MultiLayerNetwork resumed = workshop.network("out");
    Networks.assertSame(resumed, workshop.network("whole"));
    assertThat(resumed.getIterationCount()).isEqualTo(STEPS);
    assertThat(resumed.getEpochCount()).isEqualTo(EPOCHS);
    JsonNode report = workshop.report("out");
    assertThat(report.get("steps").asLong()).isEqualTo(STEPS);
    assertThat(report.get("resumedAt").toString()).isEqualTo("[" + first + "," + second + "]");
    JsonNode whole = workshop.report("whole");
    for (String what : List.of("first", "last", "least", "leastStep")) {
      assertThat(report.get("loss").get(what)).as(what).isEqualTo(whole.get("loss").get(what));
    }
    assertThat(workshop.path("out.checkpoints")).doesNotExist();
    assertThat(workshop.path("whole.checkpoints")).doesNotExist();
  }

  /** The workshop's table with a region, of which there are two, and an importance. */
  private static void tableOfWeightedRows(Workshop workshop) throws IOException {
    List<String> lines = Files.readAllLines(workshop.table(ROWS));
    List<String> weighted = new ArrayList<>(List.of(lines.get(0) + ",region,importance"));
    for (int row = 1; row <= ROWS; row++) {
      weighted.add(lines.get(row) + (row % 5 < 2 ? ",north," : ",south,") + (0.5 + row % 3));
    }
    workshop.write("table.csv", String.join("\n", weighted) + "\n");
  }

  private static void assertSameRun(JsonNode line, JsonNode other) {
    for (String what :
        List.of("status", "steps", "epochs", "loss", "validation_loss", "accuracy")) {
      assertThat(line.get(what)).as(what).isEqualTo(other.get(what));
    }
    assertThat(line.get("steps").asLong()).isEqualTo(STEPS);
    assertThat(line.get("epochs").asInt()).isEqualTo(EPOCHS);
  }

  private static Map<String, String> settings(Workshop workshop, Map<String, String> difference) {
    Map<String, String> settings = workshop.classifierSettings();
    // Two numbers, and one for each region.
    settings.put("spark.stagecoach.data.features", "a,b,region");
    settings.put("spark.stagecoach.data.categorical", "region");
    settings.put("spark.stagecoach.data.weightColumn", "importance");
    settings.put("spark.stagecoach.data.classWeights", "balanced");
    settings.put("spark.stagecoach.microBatches", "5");
    settings.put("spark.stagecoach.epochs", String.valueOf(EPOCHS));
    settings.put("spark.stagecoach.batchStore.chunkRows", "50");
    settings.put("spark.stagecoach.learningRate", "0.01");
    settings.put("spark.stagecoach.learningRate.warmupSteps", "20");
    settings.put("spark.stagecoach.learningRate.decay", "cosine");
    settings.put("spark.stagecoach.weightDecay", "0.01");
    settings.put("spark.stagecoach.checkpoint.interval", "100");
    settings.putAll(difference);
    return settings;
  }

  /** With three executors. */
  private static OneDriver.Command training(Workshop workshop, Map<String, String> difference) {
    Map<String, String> settings = settings(workshop, difference);
    settings.put("spark.master", "local-cluster[3,1,1024]");
    return new OneDriver.Command("train", settings);
  }
}
