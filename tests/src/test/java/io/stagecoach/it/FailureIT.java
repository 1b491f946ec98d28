package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

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
    // Long enough that the one executor is there.
    settings.put("spark.stagecoach.deadline.launch", "15s");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(25);
    assertThat(outcome.lastLine().get("error").asText())
        .contains("1 executor")
        .contains("2 stages");
    assertThat(workshop.path("out")).doesNotExist();
  }

  @Test
  void oneStagePerExecutorAlsoWhereAnExecutorHasRoomForMoreAndWithEncryption() {
    settings.put("spark.master", "local-cluster[2,3,1024]");
    settings.put("spark.executor.cores", "3");
    settings.put("spark.authenticate", "true");
    settings.put("spark.authenticate.secret", "correct-horse");
    settings.put("spark.network.crypto.enabled", "true");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.err()).contains("0 on executor 0").contains("1 on executor 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"streaming", "shuffle"})
  void aLostExecutorEndsTheRunWithItsCause(String exchange) {
    settings.put("spark.stagecoach.exchange", exchange);
    settings.put("spark.stagecoach.epochs", "100000");
    settings.put("spark.stagecoach.recovery.attempts", "0");
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(2), () -> run.errSoFar().contains("step "));
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
      // Scala itself prints the stack of a reply of the lost executor's that comes while Spark
      // stops.
      assertThat(outcome.err()).containsOnlyOnce("was lost").doesNotContain("\tat io.stagecoach");
      workshop.assertTidy(run, outcome);
    }
  }

  /** Weights of 76 MB, as often as there are gradients, copies and messages of them. */
  private static String wideNetwork() {
    return new NeuralNetConfiguration.Builder()
        .seed(3)
        .updater(new Sgd(0.01))
        .list()
        .layer(new DenseLayer.Builder().nIn(Workshop.FEATURES).nOut(3072).build())
        .layer(new DenseLayer.Builder().nIn(3072).nOut(3072).build())
        .layer(new DenseLayer.Builder().nIn(3072).nOut(3072).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(3072)
                .nOut(Workshop.CLASSES)
                .build())
        .build()
        .toJson();
  }

  /** The one limit ends a stage that takes its weights, the other one that is built. */
  @ParameterizedTest
  @CsvSource({"streaming, 480", "shuffle, 380"})
  void memoryThatIsShortOnAnExecutorIsSaidOnce(String exchange, int limitMib) {
    workshop.write("model.json", wideNetwork());
    settings.put("spark.master", "local-cluster[1,1,1024]");
    settings.put("spark.stagecoach.stages", "1");
    settings.put("spark.stagecoach.exchange", exchange);
    settings.merge(
        "spark.executor.extraJavaOptions",
        " -Dorg.bytedeco.javacpp.maxphysicalbytes=" + limitMib + "m",
        String::concat);

    StagecoachProcess.Outcome outcome = workshop.run("train", settings);

    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(30);
    JsonNode line = outcome.lastLine();
    assertThat(line.get("kind").asText()).isEqualTo("resource");
    assertThat(line.get("error").asText()).contains("maxPhysicalBytes");
    assertThat(line.get("where").asText()).contains("stage 0").contains("executor");
    assertThat(line.get("remedy").asText())
        .contains("spark.executor.memoryOverhead")
        .contains("with spark.stagecoach.stages=2");
    assertThat(workshop.path("out")).doesNotExist();
    assertThat(outcome.err())
        .containsOnlyOnce("maxPhysicalBytes")
        .doesNotContain("\tat io.stagecoach");
  }
}
