package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.engine.dl4j.UncutTrainer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
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
 * model, batches, checkpoints and output are on HDFS. Every build runs the test from a client; what
 * takes minutes only {@code tests/bin/yarn} runs.
 */
class YarnIT {

  private static final int BATCH_SIZE = 32;
  private static final int MICRO_BATCHES = 4;
  private static final int EPOCHS = 20;
  private static final long SEED = 17;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir static Path daemons;
  @TempDir static Path directory;
  private static YarnCluster cluster;
  private static Workshop workshop;

  @BeforeAll
  static void startCluster() throws IOException {
    workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
    cluster = YarnCluster.start(daemons);
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

  private static org.apache.hadoop.fs.Path hdfs(String path) {
    return cluster.files().makeQualified(new org.apache.hadoop.fs.Path("/" + path));
  }

  /** Of an application of this name, whose output has it, too. */
  private static Map<String, String> settings(String name, String deployMode) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.batchSize", String.valueOf(BATCH_SIZE));
    settings.put("spark.stagecoach.microBatches", String.valueOf(MICRO_BATCHES));
    settings.put("spark.stagecoach.epochs", String.valueOf(EPOCHS));
    settings.put("spark.stagecoach.seed", String.valueOf(SEED));
    settings.put("spark.stagecoach.checkpoint.interval", "20");
    settings.put("spark.stagecoach.checkpoint.keepAfterSuccess", "true");
    settings.putAll(cluster.settings(name, deployMode));
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

  /** The uncut network, trained in this process on the batches that are on HDFS. */
  private static void assertThatOfTheUncutNetwork(String output, int epochs) throws IOException {
    Path batches = workshop.path("batches-of-" + output);
    cluster
        .files()
        .copyToLocalFile(
            new org.apache.hadoop.fs.Path("stagecoach-output/batches"),
            new org.apache.hadoop.fs.Path(batches.toUri()));
    String json = Files.readString(workshop.path("model.json"));
    try (InputStream model = cluster.files().open(hdfs(output + "/model.zip"));
        UncutTrainer uncut = new UncutTrainer(json, SEED)) {
      MultiLayerNetwork trained = ModelSerializer.restoreMultiLayerNetwork(model, true);
      StoredBatches.in(batches, BATCH_SIZE, MICRO_BATCHES).train(uncut, SEED, epochs);
      assertThat(trained.params().toDoubleVector())
          .containsExactly(uncut.parameters().toDoubleVector());
      assertThat(trained.getUpdater().getStateViewArray().toDoubleVector())
          .containsExactly(uncut.network().getUpdater().getStateViewArray().toDoubleVector());
    }
  }

  private static JsonNode report(String output) throws IOException {
    try (InputStream report = cluster.files().open(hdfs(output + "/report.json"))) {
      return new ObjectMapper().readTree(report);
    }
  }

  @Test
  void fromAClientItTrainsWhatTheUncutNetworkDoes() throws IOException {
    try (StagecoachProcess run = cluster.submit(workshop, "train", settings("client", "client"))) {
      StagecoachProcess.Outcome outcome = await(run);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      assertThat(outcome.lastLine().get("status").asText()).isEqualTo("succeeded");
    }
    assertThat(cluster.application("client").getFinalApplicationStatus())
        .isEqualTo(FinalApplicationStatus.SUCCEEDED);
    assertThat(hasCheckpoint("client")).as("a checkpoint on HDFS").isTrue();
    assertThatOfTheUncutNetwork("client", EPOCHS);
  }

  /** What an operator reads before the first run. */
  @Test
  @EnabledIfSystemProperty(named = "stagecoach.yarn", matches = "true")
  void theDoctorLooksAtItsContainers() {
    try (StagecoachProcess run = cluster.submit(workshop, "doctor", settings("looked", "client"))) {
      StagecoachProcess.Outcome outcome = await(run);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      assertThat(outcome.out())
          .containsPattern("(?m)^native backend +(driver; )?executor 1 .*GFLOP/s")
          .containsPattern("(?m)^executors +driver +OK +2 executors, 2 stages")
          .containsPattern("(?m)^memory overhead +executors +OK ")
          .containsPattern("(?m)^network +between executors +(OK|WARN) .* a hop")
          .containsPattern("(?m)^output folder +driver +OK .*hdfs://")
          .containsPattern("(?m)^batch store folder +everywhere +OK ");
    }
  }

  /**
   * The nodes' shuffle service has the hops of the shuffle exchange. Push-based shuffle may be left
   * on: Spark does not use it with its usual serializer, whose records cannot be merged.
   */
  @Test
  @EnabledIfSystemProperty(named = "stagecoach.yarn", matches = "true")
  void itsShuffleServiceServesTheHopsOfTheShuffleExchange() throws IOException {
    Map<String, String> settings = settings("shuffled", "client");
    settings.put("spark.stagecoach.exchange", "shuffle");
    settings.put("spark.stagecoach.epochs", "2");
    settings.put("spark.shuffle.service.enabled", "true");
    settings.put("spark.shuffle.push.enabled", "true");
    try (StagecoachProcess run = cluster.submit(workshop, "train", settings)) {
      StagecoachProcess.Outcome outcome = await(run);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    }
    assertThat(cluster.log())
        .containsPattern("ShuffleBlockResolver: Registered executor .*execId=1")
        .containsPattern("ShuffleBlockResolver: Registered executor .*execId=2");
    assertThatOfTheUncutNetwork("shuffled", 2);
  }

  /** YARN starts the driver again, which goes on from its checkpoints. */
  @Test
  @EnabledIfSystemProperty(named = "stagecoach.yarn", matches = "true")
  void aDriverInTheClusterThatIsKilledIsStartedAgainAndGoesOn() throws IOException {
    Map<String, String> settings = settings("killed", "cluster");
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
    assertThatOfTheUncutNetwork("killed", EPOCHS);
  }

  /** Who submits it has nothing but its coordinates; the containers have the jar from YARN. */
  @Test
  @EnabledIfSystemProperty(named = "stagecoach.yarn", matches = "true")
  void byItsCoordinatesItRunsInTheCluster() throws IOException {
    PublishedJob published = new PublishedJob(Files.createDirectory(directory.resolve("maven")));
    Map<String, String> settings = settings("fetched", "cluster");
    settings.put("spark.stagecoach.epochs", "2");
    try (StagecoachProcess run =
        published.train(workshop, Built.SPARK_HOME, settings, cluster.clientEnvironment())) {
      StagecoachProcess.Outcome outcome = await(run);
      assertThat(outcome.exitCode()).as(outcome + said("fetched")).isZero();
    }
    assertThat(published.fetched()).containsExactly(published.fetchedJar());
    assertThat(cluster.application("fetched").getFinalApplicationStatus())
        .isEqualTo(FinalApplicationStatus.SUCCEEDED);
    assertThatOfTheUncutNetwork("fetched", 2);
  }

  @Test
  @EnabledIfSystemProperty(named = "stagecoach.yarn", matches = "true")
  void diagnosticsHaveTheFirstCause() {
    Map<String, String> lost = settings("lost", "cluster");
    lost.put("spark.yarn.maxAppAttempts", "1");
    lost.put("spark.stagecoach.recovery.attempts", "0");
    lost.put("spark.stagecoach.epochs", "1000000");
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
  @EnabledIfSystemProperty(named = "stagecoach.yarn", matches = "true")
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
