package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run whose executors are killed, or hang, ends with the weights of one that was left alone. */
class RecoveryIT {

  private static final int STEPS = 160;
  private static final Map<String, MultiLayerNetwork> ALONE = new ConcurrentHashMap<>();

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeEach
  void prepare() {
    workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
  }

  private Map<String, String> settings(String name) {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.put("spark.stagecoach.epochs", "1000");
    settings.put("spark.stagecoach.maxSteps", String.valueOf(STEPS));
    settings.put("spark.stagecoach.progress", "lines");
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    settings.put("spark.stagecoach.batchStore.path", workshop.path(name + "-batches").toString());
    return settings;
  }

  /** Slow enough that something can happen to it, whatever the exchange. */
  private Map<String, String> slow(String name, String exchange) {
    Map<String, String> settings = settings(name);
    settings.put("spark.stagecoach.exchange", exchange);
    settings.put(
        "spark.stagecoach.maxSteps",
        String.valueOf(exchange.equals("shuffle") ? STEPS / 2 : 10 * STEPS));
    return settings;
  }

  @ParameterizedTest
  @ValueSource(strings = {"streaming", "shuffle"})
  void killedExecutorsChangeNothing(String exchange) throws IOException {
    Map<String, String> settings = slow("out", exchange);
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      await(() -> run.errSoFar().contains("step "));
      kill(run, 0);
      await(() -> count(run, "is run again") == 1);
      kill(run, 1);
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode recovered = report("out").get("recovered");
    assertThat(recovered).as(outcome.toString()).hasSize(2);
    recovered.forEach(one -> assertThat(one.get("what").asText()).contains("was lost"));
    assertThat(outcome.err()).doesNotContain("\tat ");
    assertSame(network("out"), undisturbed(exchange));
  }

  @ParameterizedTest
  @ValueSource(strings = {"streaming", "shuffle"})
  void anExecutorThatHangsIsReplaced(String exchange) throws IOException {
    Map<String, String> settings = slow("out", exchange);
    settings.put("spark.stagecoach.deadline.heartbeat", "2s");
    settings.put("spark.executor.heartbeatInterval", "500ms");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      await(() -> run.errSoFar().contains("step "));
      signal("STOP", run.executors().get(0));
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode recovered = report("out").get("recovered");
    assertThat(recovered).as(outcome.toString()).hasSize(1);
    assertThat(recovered.get(0).get("what").asText()).contains("no sign of life for 2");
    assertSame(network("out"), undisturbed(exchange));
  }

  /** A cluster that gives no second executor for the lost one. */
  @Test
  void stagesShareAnExecutorWhereTheUserAllowsIt() throws IOException {
    Map<String, String> settings = slow("out", "streaming");
    settings.put("spark.stagecoach.recovery.replacement", "100ms");
    settings.put("spark.stagecoach.recovery.leastExecutors", "1");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      await(() -> run.errSoFar().contains("step "));
      kill(run, 0);
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.err()).contains("on 1 executors");
    assertThat(report("out").get("recovered").get(0).get("executors").asInt()).isEqualTo(1);
    assertSame(network("out"), undisturbed("streaming"));
  }

  @Test
  void aRunThatIsToldToStopEndsInOrderAndGoesOnWhenItIsStartedAgain() throws IOException {
    Map<String, String> settings = slow("out", "streaming");
    // Only what it writes when it is stopped.
    settings.put("spark.stagecoach.checkpoint.interval", "1h");
    try (StagecoachProcess run = workshop.start("train", settings)) {
      await(() -> run.errSoFar().contains("step "));
      signal("TERM", run.driver());
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(1));
      assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(31);
      assertThat(outcome.lastLine().get("error").asText()).contains("SIGTERM");
      assertThat(outcome.err()).doesNotContain("\tat ");
      workshop.assertTidy(run, outcome);
    }
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(report("out").get("resumedAt")).hasSize(1);
    assertSame(network("out"), undisturbed("streaming"));
  }

  /** Trained once for all tests that take as many steps. */
  private MultiLayerNetwork undisturbed(String exchange) throws IOException {
    Map<String, String> settings = slow("alone", exchange);
    String steps = settings.get("spark.stagecoach.maxSteps");
    MultiLayerNetwork known = ALONE.get(steps);
    if (known != null) {
      return known;
    }
    // The exchange makes no difference, as other tests show; this one is quicker.
    settings.put("spark.stagecoach.exchange", "streaming");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(report("alone").get("recovered")).isEmpty();
    ALONE.put(steps, network("alone"));
    return ALONE.get(steps);
  }

  private static void assertSame(MultiLayerNetwork one, MultiLayerNetwork other) {
    assertThat(one.params().toDoubleVector()).containsExactly(other.params().toDoubleVector());
    assertThat(one.getUpdater().getStateViewArray().toDoubleVector())
        .containsExactly(other.getUpdater().getStateViewArray().toDoubleVector());
    assertThat(one.getIterationCount()).isEqualTo(other.getIterationCount());
  }

  private MultiLayerNetwork network(String name) throws IOException {
    return ModelSerializer.restoreMultiLayerNetwork(
        workshop.path(name).resolve("model.zip").toFile(), true);
  }

  private JsonNode report(String name) throws IOException {
    File file = workshop.path(name).resolve("report.json").toFile();
    return new ObjectMapper().readTree(file);
  }

  private static void kill(StagecoachProcess run, int index) {
    List<ProcessHandle> executors = run.executors();
    assertThat(executors).hasSizeGreaterThan(index);
    executors.get(index).destroyForcibly();
  }

  private static void signal(String name, ProcessHandle process) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).inheritIO().start();
      assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(kill.exitValue()).isZero();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static long count(StagecoachProcess run, String words) {
    return run.errSoFar().lines().filter(line -> line.contains(words)).count();
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }
}
