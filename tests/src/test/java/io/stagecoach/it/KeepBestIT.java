package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run whose learning rate rises until it unlearns what it had learned is killed after its best
 * validation, and goes on: what it saves are the weights of a run that ended at the best.
 */
class KeepBestIT {

  private static final int EPOCHS = 40;

  @TempDir Path directory;

  @Test
  void savesTheBestWeightsAfterItWasKilled() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(90);
    workshop.write("model.json", Workshop.classifier().toJson());

    DriverKill.atCheckpointAfter(39, workshop, settings(workshop, EPOCHS, Map.of()));
    // What the driver held, stages that keep their own weights go on with, and the other way round.
    StagecoachProcess.Outcome outcome =
        workshop.run(
            "train",
            settings(workshop, EPOCHS, Map.of("spark.stagecoach.synchronizer", "executor")));

    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode line = outcome.lastLine();
    JsonNode report = workshop.report("out");
    long best = report.get("best").get("step").asLong();
    assertThat(report.get("resumedAt").get(0).asLong())
        .as("killed behind the best")
        .isGreaterThan(best);
    assertThat(report.get("steps").asLong()).isGreaterThan(best);
    assertThat(report.get("savedStep").asLong()).isEqualTo(best);
    assertThat(line.get("saved_step").asLong()).isEqualTo(best);
    assertThat(line.get("validation_loss")).isEqualTo(line.get("best_validation_loss"));
    assertThat(outcome.out()).contains("saved        the weights of step " + best);
    assertThat(workshop.path("out.checkpoints")).doesNotExist();

    StagecoachProcess.Outcome shorter =
        workshop.run(
            "train",
            settings(
                workshop,
                line.get("best_epoch").asInt(),
                Map.of("spark.stagecoach.output.path", workshop.path("shorter").toString())));
    assertThat(shorter.exitCode()).as(shorter.toString()).isZero();
    assertThat(shorter.lastLine().get("accuracy")).isEqualTo(line.get("accuracy"));
    Networks.assertSameState(workshop.network("out"), workshop.network("shorter"));
  }

  private static Map<String, String> settings(
      Workshop workshop, int epochs, Map<String, String> difference) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.epochs", String.valueOf(epochs));
    settings.put("spark.stagecoach.learningRate", "5");
    settings.put("spark.stagecoach.learningRate.warmupSteps", "120");
    settings.put("spark.stagecoach.data.validationShare", "0.3");
    settings.put("spark.stagecoach.validation.keepBest", "true");
    settings.put("spark.stagecoach.checkpoint.interval", "20");
    settings.putAll(difference);
    return settings;
  }
}
