package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** An executor becomes slow while it trains: the other one takes over some of its layers. */
@Isolated
class ReplanIT {

  private static final int ROWS = 9_000;

  @TempDir Path directory;

  private static Map<String, String> settings(Workshop workshop, Map<String, String> difference) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.batchSize", "512");
    settings.put("spark.stagecoach.epochs", "6");
    settings.put("spark.stagecoach.data.validationShare", "0.1");
    settings.putAll(difference);
    return settings;
  }

  @Test
  void theLayersMoveAwayFromASlowExecutorAndTheWeightsAreTheSame() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(ROWS);
    workshop.write(
        "model.json",
        ModelPresets.named("mlp")
            .configuration(
                new DataShape.Table(Workshop.FEATURES, Workshop.CLASSES),
                Map.of("hidden", String.join(",", Collections.nCopies(9, "384"))))
            .toJson());
    StagecoachProcess.Outcome undisturbed =
        workshop.run(
            "train",
            settings(
                workshop,
                Map.of("spark.stagecoach.output.path", workshop.path("whole").toString())));
    assertThat(undisturbed.exitCode()).as(undisturbed.toString()).isZero();

    StagecoachProcess.Outcome replanned = withASlowExecutor(workshop);
    assertThat(replanned.exitCode()).as(replanned.toString()).isZero();
    Networks.assertSame(workshop.network("out"), workshop.network("whole"));
    JsonNode report = workshop.report("out");
    List<String> choices = new ArrayList<>();
    report.get("choices").forEach(line -> choices.add(line.asText()));
    assertThat(choices)
        .as(replanned.toString())
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches("Cut anew: layers 0-\\d \\| .*, not 0-\\d \\| .*; a step's stages .*"))
        .anySatisfy(line -> assertThat(line).startsWith("The new cut brought steps of "));
    assertThat(report.get("recoveries").asInt()).isZero();
  }

  private static StagecoachProcess.Outcome withASlowExecutor(Workshop workshop) throws IOException {
    Map<String, String> settings =
        settings(
            workshop,
            Map.of("spark.stagecoach.replan", "true", "spark.stagecoach.checkpoint.interval", "8"));
    try (StagecoachProcess run = workshop.start("train", settings)) {
      long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
      while (DriverKill.newestCheckpoint(workshop) == 0) {
        assertThat(System.nanoTime()).as(run.errSoFar()).isLessThan(end);
        assertThat(run.isOver()).as("the run is over%n%s", run.errSoFar()).isFalse();
        Awaiting.sleep(5);
      }
      Throttle throttle = Throttle.on(run.executors().get(1));
      try {
        StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(3));
        run.awaitNoProcess();
        return outcome;
      } finally {
        throttle.close();
      }
    }
  }
}
