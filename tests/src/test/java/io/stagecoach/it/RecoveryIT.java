package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run whose executors are killed ends with the weights of one that was left alone. By streaming
 * here; {@link ChaosIT} does the like by shuffle, and {@link HangingExecutorsIT} stops them.
 */
class RecoveryIT {

  private static final int STEPS = 300;

  /** By then an executor has started, and Spark knows of it. */
  private static final Duration READY = Duration.ofSeconds(6);

  private static final List<MultiLayerNetwork> ALONE = new ArrayList<>();

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeEach
  void prepare() {
    workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
  }

  /** Long enough that something can happen to it. */
  private Map<String, String> settings(String name) {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.put("spark.stagecoach.epochs", "1000");
    settings.put("spark.stagecoach.maxSteps", String.valueOf(STEPS));
    settings.put("spark.stagecoach.progress", "lines");
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    settings.put("spark.stagecoach.batchStore.path", workshop.path(name + "-batches").toString());
    return settings;
  }

  @Test
  void killedExecutorsChangeNothing() throws IOException {
    Map<String, String> settings = settings("out");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
      kill(run, 0);
      Awaiting.await(Duration.ofMinutes(2), () -> count(run, "is run again") == 1);
      kill(run, 1);
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode recovered = workshop.report("out").get("recovered");
    assertThat(recovered).as(outcome.toString()).hasSize(2);
    recovered.forEach(one -> assertThat(one.get("what").asText()).contains("was lost"));
    assertThat(outcome.err()).doesNotContain("\tat io.stagecoach");
    Networks.assertSame(workshop.network("out"), undisturbed());
  }

  /** What a lost executor's stage had, the other executor has mirrored. */
  @Test
  void ofStagesThatKeepTheirWeightsNothingIsLost() throws IOException {
    Map<String, String> settings = settings("out");
    settings.put("spark.stagecoach.synchronizer", "executor");
    settings.put("spark.stagecoach.checkpoint.interval", "0");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
      kill(run, 0);
      Awaiting.await(Duration.ofMinutes(2), () -> count(run, "is run again") == 1);
      kill(run, 1);
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(workshop.report("out").get("recovered")).as(outcome.toString()).hasSize(2);
    Networks.assertSame(workshop.network("out"), undisturbed());
  }

  /** A cluster that gives no second executor for the lost one, until it does. */
  @Test
  void stagesShareAnExecutorWhereTheUserAllowsItForAsLongAsTheyMust() throws IOException {
    Map<String, String> settings = settings("out");
    settings.put("spark.stagecoach.recovery.replacement", "100ms");
    settings.put("spark.stagecoach.recovery.leastExecutors", "1");
    settings.put("spark.stagecoach.recovery.attempts", "100");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
      ProcessHandle lost = run.executors().get(0);
      ProcessHandle survivor = run.executors().get(1);
      try (HeldUp others = HeldUp.but(run, List.of(lost, survivor))) {
        lost.destroyForcibly();
        others.until(() -> run.errSoFar().contains("on 1 executors"));
        // There shall be steps left when another one is ready.
        Signals.send("STOP", survivor);
      }
      Awaiting.await(
          Duration.ofMinutes(1),
          () ->
              run.executors().stream()
                  .anyMatch(
                      executor -> !executor.equals(survivor) && isOlderThan(executor, READY)));
      Signals.send("CONT", survivor);
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(workshop.report("out").get("recovered"))
        .anySatisfy(one -> assertThat(one.get("executors").asInt()).isEqualTo(1));
    assertThat(outcome.err())
        .contains("There are 2 executors again: the stages are spread out")
        .contains("The stages are placed on 2 executors");
    Networks.assertSame(workshop.network("out"), undisturbed());
  }

  @Test
  void aRunThatIsToldToStopEndsInOrderAndGoesOnWhenItIsStartedAgain() throws IOException {
    Map<String, String> settings = settings("out");
    // Only what it writes when it is stopped.
    settings.put("spark.stagecoach.checkpoint.interval", "1h");
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
      Signals.send("TERM", run.driver());
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(1));
      assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(31);
      assertThat(outcome.lastLine().get("error").asText()).contains("SIGTERM");
      assertThat(outcome.err()).doesNotContain("\tat io.stagecoach");
      workshop.assertTidy(run, outcome);
    }
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(workshop.report("out").get("resumedAt")).hasSize(1);
    Networks.assertSame(workshop.network("out"), undisturbed());
  }

  /** Trained once for all tests. */
  private MultiLayerNetwork undisturbed() throws IOException {
    if (ALONE.isEmpty()) {
      StagecoachProcess.Outcome outcome = workshop.run("train", settings("alone"));
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      assertThat(workshop.report("alone").get("recovered")).isEmpty();
      ALONE.add(workshop.network("alone"));
    }
    return ALONE.get(0);
  }

  private static void kill(StagecoachProcess run, int index) {
    List<ProcessHandle> executors = run.executors();
    assertThat(executors).hasSizeGreaterThan(index);
    executors.get(index).destroyForcibly();
  }

  private static boolean isOlderThan(ProcessHandle process, Duration age) {
    return process.info().startInstant().orElseThrow().isBefore(Instant.now().minus(age));
  }

  private static long count(StagecoachProcess run, String words) {
    return run.errSoFar().lines().filter(line -> line.contains(words)).count();
  }
}
