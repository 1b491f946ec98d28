package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stagecoach.engine.dl4j.UncutTrainer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Two executors that hang at once are replaced, and the run ends with the weights of the uncut
 * network that plain DL4J trains in this process.
 */
@Isolated("Its deadlines are short.")
class HangingExecutorsIT {

  private static final int STEPS = 300;
  private static final int BATCH_SIZE = 32;
  private static final int MICRO_BATCHES = 4;
  private static final long SEED = 7;

  @TempDir Path directory;

  /** Of the second nobody hears until the stages are to be placed there again. */
  @Test
  void areReplaced() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(400);
    String json = Workshop.classifier().toJson();
    workshop.write("model.json", json);
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.epochs", "1000");
    settings.put("spark.stagecoach.maxSteps", String.valueOf(STEPS));
    settings.put("spark.stagecoach.batchSize", String.valueOf(BATCH_SIZE));
    settings.put("spark.stagecoach.microBatches", String.valueOf(MICRO_BATCHES));
    settings.put("spark.stagecoach.seed", String.valueOf(SEED));
    settings.put("spark.stagecoach.progress", "lines");
    settings.put("spark.stagecoach.batchStore.keep", "true");
    settings.put("spark.stagecoach.deadline.heartbeat", "2s");
    settings.put("spark.executor.heartbeatInterval", "500ms");

    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
      run.executors().forEach(executor -> Signals.send("STOP", executor));
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }

    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode recovered = workshop.report("out").get("recovered");
    assertThat(recovered).as(outcome.toString()).hasSize(1);
    assertThat(recovered.get(0).get("what").asText()).contains("no sign of life for 2");
    try (UncutTrainer uncut = new UncutTrainer(json, SEED)) {
      StoredBatches.in(workshop.path("batches"), BATCH_SIZE, MICRO_BATCHES)
          .replay(
              SEED, STEPS, (microBatches, step, epoch) -> uncut.step(microBatches, step, epoch));
      MultiLayerNetwork trained = workshop.network("out");
      assertThat(trained.params().toDoubleVector())
          .containsExactly(uncut.parameters().toDoubleVector());
      assertThat(trained.getUpdater().getStateViewArray().toDoubleVector())
          .containsExactly(uncut.network().getUpdater().getStateViewArray().toDoubleVector());
    }
  }
}
