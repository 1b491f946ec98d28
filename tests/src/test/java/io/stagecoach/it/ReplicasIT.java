package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stagecoach.batch.MicroBatches;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.dl4j.InProcessPipeline;
import io.stagecoach.schedule.OneForwardOneBackward;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Two replicas of two stages, in four executors, come to the weights of one pipeline that sums in
 * two blocks: by both exchanges, whoever has the weights, and where stages keep their own, while an
 * executor is killed for good.
 */
@Isolated("Its deadlines are short.")
class ReplicasIT {

  private static final int ROWS = 400;
  private static final int BATCH_SIZE = 32;
  private static final int MICRO_BATCHES = 4;
  private static final int FIRST_STEPS = 3;
  private static final int STEPS = 150;
  private static final int WIDTH = 200;
  private static final long SEED = 17;

  @TempDir Path directory;

  @Test
  void replicasTrainTheSameByBothExchangesAndWithoutALostExecutor() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(ROWS);
    workshop.write("model.json", classifier());

    List<StagecoachProcess.Outcome> firstSteps =
        new OneDriver(workshop)
            .succeedInOneSession(
                List.of(
                    firstSteps(workshop, "shuffled", "shuffle", "driver"),
                    firstSteps(workshop, "kept", "shuffle", "executor"),
                    firstSteps(workshop, "streamed", "streaming", "driver")));
    assertThat(firstSteps)
        .allSatisfy(
            outcome ->
                assertThat(outcome.out()).contains("2 replicas of these stages on 4 executors"));

    Map<String, String> settings = settings(workshop, "second");
    settings.put("spark.stagecoach.synchronizer", "executor");
    settings.put("spark.stagecoach.maxSteps", String.valueOf(STEPS));
    settings.put("spark.stagecoach.recovery.replacement", "100ms");
    settings.put("spark.stagecoach.recovery.leastExecutors", "2");
    settings.put("spark.stagecoach.recovery.attempts", "100");
    StagecoachProcess.Outcome second;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
      List<ProcessHandle> first = run.executors();
      try (HeldUp others = HeldUp.but(run, first)) {
        first.get(3).destroyForcibly();
        others.until(() -> run.errSoFar().contains("on 3 executors"));
      }
      second = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, second);
    }
    assertThat(second.exitCode()).as(second.toString()).isZero();
    assertThat(second.out()).contains("replica 1 stage 0");
    JsonNode report = workshop.report("second");
    assertThat(report.get("replicas").asInt()).isEqualTo(2);
    assertThat(report.get("stages")).hasSize(4);
    assertThat(report.get("recovered"))
        .anySatisfy(one -> assertThat(one.get("executors").asInt()).isEqualTo(3));

    assertSameAsOnePipeline(
        workshop,
        List.of(
            workshop.network("shuffled"), workshop.network("kept"), workshop.network("streamed")),
        workshop.network("second"));
  }

  private static OneDriver.Command firstSteps(
      Workshop workshop, String name, String exchange, String synchronizer) {
    Map<String, String> settings = settings(workshop, name);
    settings.put("spark.stagecoach.exchange", exchange);
    settings.put("spark.stagecoach.synchronizer", synchronizer);
    settings.put("spark.stagecoach.maxSteps", String.valueOf(FIRST_STEPS));
    return new OneDriver.Command("train", settings);
  }

  /** Its second layer's gradients go to the driver before those of the first one are there. */
  private static String classifier() {
    return Workshop.classifier(DataType.DOUBLE, WIDTH).toJson();
  }

  private static Map<String, String> settings(Workshop workshop, String name) {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.put("spark.master", "local-cluster[4,1,1024]");
    settings.put("spark.executor.memory", "512m");
    settings.put("spark.stagecoach.replicas", "2");
    settings.put("spark.stagecoach.batchSize", String.valueOf(BATCH_SIZE));
    settings.put("spark.stagecoach.microBatches", String.valueOf(MICRO_BATCHES));
    settings.put("spark.stagecoach.epochs", "1000");
    settings.put("spark.stagecoach.seed", String.valueOf(SEED));
    settings.put("spark.stagecoach.progress", "lines");
    settings.put("spark.stagecoach.batchStore.keep", "true");
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    return settings;
  }

  /** What one pipeline in this process makes of what the executors were given. */
  private static void assertSameAsOnePipeline(
      Workshop workshop, List<MultiLayerNetwork> first, MultiLayerNetwork second)
      throws IOException {
    StoredBatches given = StoredBatches.in(workshop.path("batches"), BATCH_SIZE, MICRO_BATCHES);
    MicroBatches batches = given.batches();
    assertThat(batches.rowsOf(batches.steps() - 1))
        .as("the last mini-batch")
        .isLessThan(BATCH_SIZE);
    try (InProcessPipeline one =
        new InProcessPipeline(
                classifier(),
                List.of(2),
                MICRO_BATCHES,
                Recompute.NONE,
                new OneForwardOneBackward(),
                SEED)
            .inBlocks(2)) {
      given.replay(
          SEED,
          STEPS,
          (microBatches, step, epoch) -> {
            one.step(microBatches, step, epoch, false);
            if (step + 1 == FIRST_STEPS) {
              first.forEach(network -> assertSame(network, one));
            }
          });
      assertSame(second, one);
    }
  }

  private static void assertSame(MultiLayerNetwork trained, InProcessPipeline one) {
    assertThat(trained.params().toDoubleVector())
        .containsExactly(one.updater().parameters().toDoubleVector());
    assertThat(trained.getUpdater().getStateViewArray().toDoubleVector())
        .containsExactly(one.updater().updaterState().toDoubleVector());
  }
}
