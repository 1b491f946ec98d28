package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * On YARN with HDFS, real daemons and real containers, from a client and inside the cluster. Data,
 * model, batches, checkpoints and output are on HDFS. It takes some minutes, so {@code
 * tests/bin/yarn} runs it, not every build.
 */
@EnabledIfSystemProperty(named = "stagecoach.yarn", matches = "true")
class YarnIT {

  private static final int STEPS = 300;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir static Path daemons;
  @TempDir static Path directory;
  private static YarnCluster cluster;
  private static Workshop workshop;

  /** While the daemons start, a local cluster trains what runs on YARN are compared with. */
  @BeforeAll
  static void startCluster() throws IOException {
    workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
    cluster = YarnCluster.start(daemons);
    Map<String, String> settings = workshop.classifierSettings();
    train(settings);
    StagecoachProcess.Outcome local = workshop.run("train", settings);
    assertThat(local.exitCode()).as(local.toString()).isZero();
    cluster.await();
    for (String name : new String[] {"table.csv", "model.json"}) {
      cluster
          .files()
          .copyFromLocalFile(
              new org.apache.hadoop.fs.Path(workshop.path(name).toUri()), hdfs("given/" + name));
    }
  }

  @AfterAll
  static void stopCluster() throws IOException {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static void train(Map<String, String> settings) {
    settings.put("spark.stagecoach.epochs", "1000");
    settings.put("spark.stagecoach.maxSteps", String.valueOf(STEPS));
  }

  private static org.apache.hadoop.fs.Path hdfs(String path) {
    return cluster.files().makeQualified(new org.apache.hadoop.fs.Path("/" + path));
  }

  /** Of an application of this name, whose output has it, too. */
  private static Map<String, String> settings(String name, String deployMode) {
    Map<String, String> settings = workshop.classifierSettings();
    train(settings);
    settings.put("spark.app.name", name);
    settings.put("spark.master", "yarn");
    settings.put("spark.submit.deployMode", deployMode);
    settings.put("spark.executor.instances", "2");
    settings.put(
        "spark.yarn.jars",
        "local:" + StagecoachProcess.repository().resolve("spark-job/target/spark-home/jars/*"));
    settings.put("spark.yarn.am.memory", "384m");
    settings.put("spark.stagecoach.data.path", hdfs("given/table.csv").toString());
    settings.put("spark.stagecoach.model.config", hdfs("given/model.json").toString());
    settings.put("spark.stagecoach.output.path", hdfs(name).toString());
    // By default they are in the user's directory on HDFS.
    settings.remove("spark.stagecoach.batchStore.path");
    return settings;
  }

  private static StagecoachProcess.Outcome await(StagecoachProcess run) {
    StagecoachProcess.Outcome outcome = run.await(PATIENCE);
    workshop.assertTidy(run, outcome);
    return outcome;
  }

  private static void assertSameAsLocally(String output) throws IOException {
    try (InputStream model = cluster.files().open(hdfs(output + "/model.zip"))) {
      MultiLayerNetwork trained = ModelSerializer.restoreMultiLayerNetwork(model, true);
      Networks.assertSame(trained, workshop.network("out"));
    }
  }

  private static JsonNode report(String output) throws IOException {
    try (InputStream report = cluster.files().open(hdfs(output + "/report.json"))) {
      return new ObjectMapper().readTree(report);
    }
  }

  @Test
  void fromAClientItTrainsWhatALocalClusterTrains() throws IOException {
    try (StagecoachProcess run = cluster.submit(workshop, "train", settings("client", "client"))) {
      StagecoachProcess.Outcome outcome = await(run);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      assertThat(outcome.lastLine().get("status").asText()).isEqualTo("succeeded");
    }
    assertThat(cluster.application("client").getFinalApplicationStatus())
        .isEqualTo(FinalApplicationStatus.SUCCEEDED);
    assertSameAsLocally("client");
  }

  /** YARN starts the driver again, which goes on from its checkpoints. */
  @Test
  void aDriverInTheClusterThatIsKilledIsStartedAgainAndGoesOn() throws IOException {
    Map<String, String> settings = settings("killed", "cluster");
    settings.put("spark.stagecoach.checkpoint.interval", "20");
    try (StagecoachProcess run = cluster.submit(workshop, "train", settings)) {
      awaitWhile(run, () -> hasCheckpoint("killed"));
      cluster.containers("killed", "ApplicationMaster").forEach(ProcessHandle::destroyForcibly);
      StagecoachProcess.Outcome outcome = await(run);
      assertThat(outcome.exitCode()).as(outcome + said("killed")).isZero();
    }
    ApplicationReport application = cluster.application("killed");
    assertThat(application.getFinalApplicationStatus()).isEqualTo(FinalApplicationStatus.SUCCEEDED);
    assertThat(application.getCurrentApplicationAttemptId().getAttemptId()).isEqualTo(2);
    assertThat(report("killed").get("resumedAt")).as(said("killed")).isNotEmpty();
    assertSameAsLocally("killed");
  }

  @Test
  void diagnosticsHaveTheFirstCause() {
    Map<String, String> lost = settings("lost", "cluster");
    lost.put("spark.yarn.maxAppAttempts", "1");
    lost.put("spark.stagecoach.recovery.attempts", "0");
    lost.put("spark.stagecoach.epochs", "1000000");
    lost.put("spark.stagecoach.maxSteps", "1000000");
    Map<String, String> refused = settings("refused", "cluster");
    refused.put("spark.yarn.maxAppAttempts", "1");
    refused.put("spark.stagecoach.schedule", "2f2b");
    try (StagecoachProcess losing = cluster.submit(workshop, "train", lost);
        StagecoachProcess beside = cluster.submit(workshop, "train", refused)) {
      awaitWhile(losing, () -> said("lost").contains("step "));
      cluster.containers("lost", "YarnCoarseGrainedExecutorBackend").stream()
          .findFirst()
          .orElseThrow()
          .destroyForcibly();
      assertThat(losing.await(PATIENCE).exitCode()).isEqualTo(1);
      assertThat(await(beside).exitCode()).isEqualTo(1);
    }
    // Whether the driver notices first or the other executor is chance.
    assertThat(diagnostics("lost"))
        .contains("executor_lost, exit code 27: ", "The log of executor ", "/node/containerlogs/");
    assertThat(diagnostics("refused"))
        .contains("Stagecoach failed: spark.stagecoach.schedule is '2f2b'");
  }

  @Test
  void whatThereIsNoRoomForEnds() {
    Map<String, String> waiting = settings("waiting", "client");
    waiting.put("spark.yarn.queue", "narrow");
    waiting.put("spark.yarn.am.memory", "1g");
    waiting.put("spark.stagecoach.deadline.launch", "8s");
    Map<String, String> alone = settings("alone", "cluster");
    alone.put("spark.yarn.maxAppAttempts", "1");
    // One node has room for one, and the other has the driver.
    alone.put("spark.executor.memory", "2600m");
    alone.put("spark.stagecoach.deadline.launch", "8s");
    try (StagecoachProcess inQueue = cluster.submit(workshop, "train", waiting);
        StagecoachProcess withOne = cluster.submit(workshop, "train", alone)) {
      StagecoachProcess.Outcome outcome = inQueue.await(PATIENCE);
      assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(25);
      assertThat(outcome.lastLine().get("error").asText())
          .contains("YARN did not start the application within 8 s");
      assertThat(await(withOne).exitCode()).isEqualTo(1);
    }
    assertThat(diagnostics("alone"))
        .contains("cluster, exit code 25: The cluster gave ")
        .contains("executor within 8 s");
  }

  private static String diagnostics(String name) {
    ApplicationReport application = cluster.application(name);
    assertThat(application.getFinalApplicationStatus()).isEqualTo(FinalApplicationStatus.FAILED);
    return application.getDiagnostics();
  }

  private static String said(String name) {
    return cluster.logs(name, "stderr");
  }

  private static boolean hasCheckpoint(String output) {
    org.apache.hadoop.fs.Path checkpoints = hdfs(output + ".checkpoints");
    try {
      return cluster.files().exists(checkpoints)
          && Stream.of(cluster.files().listStatus(checkpoints))
              .map(FileStatus::getPath)
              .anyMatch(YarnIT::isWhole);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isWhole(org.apache.hadoop.fs.Path checkpoint) {
    try {
      return cluster.files().exists(new org.apache.hadoop.fs.Path(checkpoint, "manifest.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void awaitWhile(StagecoachProcess run, BooleanSupplier condition) {
    Awaiting.await(
        PATIENCE,
        () -> {
          assertThat(run.isOver()).as("the run is over%n%s", run.errSoFar()).isFalse();
          return condition.getAsBoolean();
        });
  }
}
