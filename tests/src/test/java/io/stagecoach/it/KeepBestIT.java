package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
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

    kill(workshop);
    StagecoachProcess.Outcome outcome = workshop.run("train", settings(workshop, EPOCHS, Map.of()));

    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode line = outcome.lastLine();
    JsonNode report =
        new ObjectMapper().readTree(workshop.path("out").resolve("report.json").toFile());
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
    assertSameModel(model("out"), model("shorter"));
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

  /** Kills the driver when half of the run is done. */
  private void kill(Workshop workshop) throws IOException {
    try (StagecoachProcess run = workshop.start("train", settings(workshop, EPOCHS, Map.of()))) {
      long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
      while (newestCheckpoint() < 40) {
        assertThat(System.nanoTime()).as(run.errSoFar()).isLessThan(end);
        assertThat(run.processes()).as(run.errSoFar()).isNotEmpty();
        pause();
      }
      run.driver().destroyForcibly();
      run.await(Duration.ofSeconds(30));
      workshop.tidyAfterKill(run);
      assertThat(workshop.path("out")).as("the run was over too soon").doesNotExist();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private long newestCheckpoint() throws IOException {
    Path checkpoints = directory.resolve("out.checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(checkpoints)) {
      return all.filter(folder -> Files.exists(folder.resolve("manifest.json")))
          .mapToLong(folder -> Long.parseLong(folder.getFileName().toString().split("-", -1)[3]))
          .max()
          .orElse(0);
    }
  }

  private static void assertSameModel(MultiLayerNetwork model, MultiLayerNetwork other) {
    assertThat(model.params().toDoubleVector()).containsExactly(other.params().toDoubleVector());
    assertThat(model.getUpdater().getStateViewArray().toDoubleVector())
        .containsExactly(other.getUpdater().getStateViewArray().toDoubleVector());
    assertThat(model.getIterationCount()).isEqualTo(other.getIterationCount());
    assertThat(model.getEpochCount()).isEqualTo(other.getEpochCount());
  }

  private MultiLayerNetwork model(String name) throws IOException {
    return ModelSerializer.restoreMultiLayerNetwork(
        directory.resolve(name).resolve("model.zip").toFile());
  }
}
