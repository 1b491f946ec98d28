package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a cluster does to a run: too few executors, wide ones, a lost one; encryption. */
class FailureIT {

  @TempDir Path directory;
  private Workshop workshop;
  private Map<String, String> settings;

  @BeforeEach
  void prepare() {
    workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
    settings = workshop.classifierSettings();
  }

  @Test
  void fewerExecutorsThanStagesIsSaidWithinTheDeadline() {
    settings.put("spark.master", "local-cluster[1,1,1024]");
    settings.put("spark.stagecoach.deadline.launch", "3s");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(25);
    assertThat(outcome.lastLine().get("error").asText())
        .contains("1 executor")
        .contains("2 stages");
    assertThat(workshop.path("out")).doesNotExist();
  }

  @Test
  void oneStagePerExecutorAlsoWhereAnExecutorHasRoomForMore() {
    settings.put("spark.master", "local-cluster[2,3,1024]");
    settings.put("spark.executor.cores", "3");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.err()).contains("0 on executor 0").contains("1 on executor 1");
  }

  @Test
  void authenticationAndEncryptionApply() {
    settings.put("spark.authenticate", "true");
    settings.put("spark.authenticate.secret", "correct-horse");
    settings.put("spark.network.crypto.enabled", "true");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"streaming", "shuffle"})
  void aLostExecutorEndsTheRunWithItsCause(String exchange) {
    settings.put("spark.stagecoach.exchange", exchange);
    settings.put("spark.stagecoach.epochs", "100000");
    settings.put("spark.stagecoach.recovery.attempts", "0");
    try (StagecoachProcess run = workshop.start("train", settings)) {
      await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
      List<ProcessHandle> executors = run.executors();
      assertThat(executors).hasSize(2);
      executors.get(0).destroyForcibly();

      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(1));

      assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(27);
      JsonNode line = outcome.lastLine();
      assertThat(line.get("kind").asText()).isEqualTo("executor_lost");
      assertThat(line.get("error").asText()).contains("was lost");
      assertThat(line.get("where").asText()).contains("stage").contains("executor");
      assertThat(workshop.path("out")).doesNotExist();
      assertThat(outcome.err()).containsOnlyOnce("was lost").doesNotContain("\tat ");
      workshop.assertTidy(run, outcome);
    }
  }

  private static void await(Duration deadline, BooleanSupplier condition) {
    long end = System.nanoTime() + deadline.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }
}
