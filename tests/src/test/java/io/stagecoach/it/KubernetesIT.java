package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.stagecoach.engine.dl4j.UncutTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * On Kubernetes: Spark's own scheduler for it, by the settings and pod templates in {@code conf},
 * against an API server and pods that are {@link KubernetesCluster}'s. What takes long only {@code
 * tests/bin/kubernetes} runs.
 */
class KubernetesIT {

  private static final int BATCH_SIZE = 32;
  private static final int MICRO_BATCHES = 4;
  private static final int EPOCHS = 20;
  private static final long SEED = 17;
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir static Path containers;
  private static KubernetesCluster cluster;

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = KubernetesCluster.start(containers);
  }

  @AfterAll
  static void stopCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void prepare() {
    workshop = new Workshop(directory);
    workshop.table(400);
    workshop.write("model.json", Workshop.classifier().toJson());
  }

  /** Those of {@code conf/kubernetes.properties}, with what is to be trained and how large. */
  private Map<String, String> settings(String name, String deployMode) {
    Map<String, String> settings = cluster.settings(name, deployMode);
    String master = settings.get("spark.master");
    settings.putAll(workshop.classifierSettings());
    settings.put("spark.master", master);
    settings.put("spark.kubernetes.allocation.batch.delay", "200ms");
    settings.put("spark.stagecoach.batchSize", String.valueOf(BATCH_SIZE));
    settings.put("spark.stagecoach.microBatches", String.valueOf(MICRO_BATCHES));
    settings.put("spark.stagecoach.epochs", String.valueOf(EPOCHS));
    settings.put("spark.stagecoach.seed", String.valueOf(SEED));
    settings.put("spark.stagecoach.progress", "lines");
    settings.put("spark.stagecoach.output.path", workshop.path("out").toString());
    return settings;
  }

  private StagecoachProcess start(Map<String, String> settings) {
    return start("train", settings);
  }

  private StagecoachProcess start(String command, Map<String, String> settings) {
    Path file = workshop.properties(settings.get("spark.app.name"), settings);
    return StagecoachProcess.start(
        directory, List.of(command, "--properties-file", file.toString()));
  }

  private StagecoachProcess.Outcome await(StagecoachProcess run) {
    StagecoachProcess.Outcome outcome = run.await(PATIENCE);
    cluster.awaitNoProcess();
    workshop.assertTidy(run, outcome);
    return outcome;
  }

  private static void awaitWhile(StagecoachProcess run, BooleanSupplier condition) {
    Awaiting.await(
        PATIENCE,
        () -> {
          assertThat(run.isOver()).as("the run is over%n%s", run.errSoFar()).isFalse();
          return condition.getAsBoolean();
        });
  }

  private void assertThatOfTheUncutNetwork() throws IOException {
    assertThatOfTheUncutNetwork(EPOCHS);
  }

  private void assertThatOfTheUncutNetwork(int epochs) throws IOException {
    MultiLayerNetwork trained = workshop.network("out");
    String json = Files.readString(workshop.path("model.json"));
    try (UncutTrainer uncut = new UncutTrainer(json, SEED)) {
      StoredBatches.in(workshop.path("batches"), BATCH_SIZE, MICRO_BATCHES)
          .train(uncut, SEED, epochs);
      assertThat(trained.params().toDoubleVector())
          .containsExactly(uncut.parameters().toDoubleVector());
      assertThat(trained.getUpdater().getStateViewArray().toDoubleVector())
          .containsExactly(uncut.network().getUpdater().getStateViewArray().toDoubleVector());
    }
  }

  /** From a client. The pod is deleted as when its node is drained: not without notice. */
  @Test
  void anExecutorsPodThatIsDeletedChangesNothing() throws IOException {
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = start(settings("deleted", "client"))) {
      awaitWhile(run, () -> run.errSoFar().contains("step "));
      List<Pod> executors = cluster.created("deleted", "executor");
      assertThat(executors).hasSize(2);
      executors.forEach(KubernetesIT::assertFromTheTemplate);
      cluster.delete(executors.get(0));
      outcome = await(run);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.lastLine().get("status").asText()).isEqualTo("succeeded");
    assertThat(outcome.err())
        .contains("is decommissioned: the stages are moved", "The stages are placed on 2 executors")
        .doesNotContain("is run again");
    assertThat(cluster.created("deleted", "executor")).hasSize(3);
    assertThatOfTheUncutNetwork();
  }

  /** What {@code conf/kubernetes/executor-pod.yaml} and {@code kubernetes.properties} ask for. */
  private static void assertFromTheTemplate(Pod pod) {
    assertThat(pod.getMetadata().getLabels()).containsEntry("app", "stagecoach");
    assertThat(pod.getSpec().getTerminationGracePeriodSeconds()).isEqualTo(60);
    assertThat(
            pod.getSpec()
                .getAffinity()
                .getPodAntiAffinity()
                .getPreferredDuringSchedulingIgnoredDuringExecution())
        .hasSize(1);
    Container container = pod.getSpec().getContainers().get(0);
    assertThat(container.getName()).isEqualTo("spark-kubernetes-executor");
    assertThat(container.getImage()).isEqualTo(cluster.imageName());
    assertThat(container.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
    assertThat(container.getResources().getLimits().get("memory").toString()).isEqualTo("3072Mi");
    assertThat(pod.getSpec().getVolumes())
        .filteredOn(volume -> volume.getName().startsWith("spark-local-dir"))
        .extracting(Volume::getEmptyDir)
        .allSatisfy(local -> assertThat(local.getMedium()).isEqualTo("Memory"))
        .isNotEmpty();
  }

  /** What an operator reads before the first run. */
  @Test
  @EnabledIfSystemProperty(named = "stagecoach.kubernetes", matches = "true")
  void theDoctorLooksAtItsPods() {
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = start("doctor", settings("looked", "client"))) {
      outcome = await(run);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.out())
        .containsPattern("(?m)^native backend +(driver; )?executor 1 .*GFLOP/s")
        .containsPattern("(?m)^executors +driver +OK +2 executors, 2 stages")
        .containsPattern("(?m)^memory overhead +executors +OK +2\\.0 GiB; ")
        .containsPattern("(?m)^network +between executors +(OK|WARN) .* a hop")
        .containsPattern("(?m)^batch store folder +everywhere +OK ");
  }

  /** Inside the cluster. The executor's process is killed as when its node is lost. */
  @Test
  @EnabledIfSystemProperty(named = "stagecoach.kubernetes", matches = "true")
  void anExecutorOfADriverInAPodThatIsKilledChangesNothing() throws IOException {
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = start(settings("inside", "cluster"))) {
      awaitWhile(run, () -> cluster.driverSaid("inside").contains("step "));
      cluster.kill(cluster.created("inside", "executor").get(0));
      outcome = await(run);
    }
    assertThat(outcome.exitCode()).as(outcome + cluster.driverSaid("inside")).isZero();
    Pod driver = cluster.created("inside", "driver").get(0);
    assertThat(driver.getMetadata().getLabels()).containsEntry("app", "stagecoach");
    assertThat(driver.getSpec().getTerminationGracePeriodSeconds()).isEqualTo(40);
    List<Pod> executors = cluster.created("inside", "executor");
    assertThat(executors).hasSize(3).allSatisfy(KubernetesIT::assertFromTheTemplate);
    JsonNode recovered = workshop.report("out").get("recovered");
    assertThat(recovered).as(cluster.driverSaid("inside")).hasSize(1);
    assertThat(recovered.get(0).get("what").asText()).contains("was lost");
    assertThatOfTheUncutNetwork();
  }

  /**
   * Who submits it has nothing but its coordinates. Spark puts what it has fetched where the pods
   * can read it.
   */
  @Test
  @EnabledIfSystemProperty(named = "stagecoach.kubernetes", matches = "true")
  void byItsCoordinatesItRunsInPods() throws IOException {
    PublishedJob published = new PublishedJob(Files.createDirectory(directory.resolve("maven")));
    Map<String, String> settings = settings("fetched", "cluster");
    settings.put("spark.stagecoach.epochs", "2");
    settings.put(
        "spark.kubernetes.file.upload.path",
        Files.createDirectory(directory.resolve("uploaded")).toUri().toString());
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = published.train(workshop, Built.SPARK_HOME, settings, Map.of())) {
      outcome = await(run);
    }
    assertThat(outcome.exitCode()).as(outcome + cluster.driverSaid("fetched")).isZero();
    assertThat(published.fetched()).containsExactly(published.fetchedJar());
    assertThatOfTheUncutNetwork(2);
  }

  @Test
  @EnabledIfSystemProperty(named = "stagecoach.kubernetes", matches = "true")
  void theExitCodeOfADriverInAPodIsTheLaunchers() {
    Map<String, String> refused = settings("refused", "cluster");
    refused.put("spark.stagecoach.data.label", "sort");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = start(refused)) {
      outcome = await(run);
    }
    Pod driver = cluster.created("refused", "driver").get(0);
    assertThat(outcome.exitCode()).as(outcome + cluster.log(driver)).isEqualTo(21);
    JsonNode failed = new StagecoachProcess.Outcome(21, cluster.log(driver), "").lastLine();
    assertThat(failed.get("exit_code").asInt()).isEqualTo(21);
    assertThat(failed.get("error").asText()).contains("sort");
    // What `kubectl describe pod` shows.
    assertThat(
            cluster
                .now(driver)
                .orElseThrow()
                .getStatus()
                .getContainerStatuses()
                .get(0)
                .getState()
                .getTerminated()
                .getMessage())
        .contains("\"exit_code\":21");
  }

  @Test
  @EnabledIfSystemProperty(named = "stagecoach.kubernetes", matches = "true")
  void executorsThatDoNotStartAreSaidWithWhatKubernetesSaysOfThem() {
    Map<String, String> settings = settings("pending", "client");
    settings.put("spark.kubernetes.container.image", "registry.example.com/nobody-has-it:1");
    settings.put("spark.stagecoach.deadline.launch", "8s");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = start(settings)) {
      outcome = await(run);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(25);
    assertThat(outcome.lastLine().get("error").asText())
        .contains("no executor within 8 s", "ImagePullBackOff", "nobody-has-it:1");
  }
}
