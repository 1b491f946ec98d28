package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** On a standalone cluster with real daemons, from a client and inside the cluster. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StandaloneIT {

  private static final int STEPS = 300;

  /** What a run of so many steps comes to, trained by the first test. */
  private static final List<MultiLayerNetwork> UNDISTURBED = new ArrayList<>();

  @TempDir static Path daemons;
  private static StandaloneCluster cluster;

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = StandaloneCluster.start(daemons);
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

  private Map<String, String> settings(String name) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.master", cluster.master());
    settings.put("spark.cores.max", "2");
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    return settings;
  }

  /** Long enough that something can happen to it. */
  private Map<String, String> longer(String name) {
    Map<String, String> settings = settings(name);
    settings.put("spark.stagecoach.epochs", "1000");
    settings.put("spark.stagecoach.maxSteps", String.valueOf(STEPS));
    settings.put("spark.stagecoach.progress", "lines");
    return settings;
  }

  private static Map<String, String> withShuffleService(Map<String, String> settings) {
    settings.put("spark.shuffle.service.enabled", "true");
    settings.put("spark.shuffle.service.port", String.valueOf(cluster.shuffleServicePort()));
    settings.put("spark.shuffle.push.enabled", "true");
    return settings;
  }

  /**
   * A cluster's shuffle service serves the hops of the shuffle exchange; push-based shuffle, which
   * Spark has on YARN only, may be left on. By either exchange stages are on the hosts that they
   * are pinned to; where a host may hold less than another one, fewer layers are there.
   */
  @Test
  @Order(1)
  void itsShuffleServiceServesTheHopsOfTheShuffleExchange() throws IOException {
    Map<String, String> streamed = withShuffleService(settings("streamed"));
    Map<String, String> shuffled = withShuffleService(settings("shuffled"));
    shuffled.put("spark.stagecoach.exchange", "shuffle");
    String first = StandaloneCluster.HOSTS.get(0);
    String second = StandaloneCluster.HOSTS.get(1);
    shuffled.put("spark.stagecoach.pin.stages", "0:" + second);
    streamed.put("spark.stagecoach.pin.stages", "1:" + second);
    // The cut for executors that are alike needs 11.7 KiB and more of each.
    Map<String, String> tight = withShuffleService(settings("tight"));
    tight.put("spark.stagecoach.memory.limit", "1g," + first + ":10k");
    Map<String, String> undisturbed = withShuffleService(longer("undisturbed"));
    List<StagecoachProcess.Outcome> outcomes =
        new OneDriver(workshop)
            .succeedInOneSession(
                List.of(
                    new OneDriver.Command("train", streamed),
                    new OneDriver.Command("train", shuffled),
                    new OneDriver.Command("train", tight),
                    new OneDriver.Command("train", undisturbed)));
    assertPlaced(outcomes.get(0), first, second);
    assertPlaced(outcomes.get(1), second, first);
    assertThat(outcomes.get(2).out())
        .containsPattern(
            "Chosen: executor \\d on "
                + second
                + " may hold 1.0 GiB, executor \\d on "
                + first
                + " may hold 10.0 KiB: layers 0-2 \\| 3 on executors \\d, \\d, where such that are"
                + " alike would have 0-1 \\| 2-3");
    assertPlaced(outcomes.get(2), second, first);
    assertThat(cluster.log())
        .containsPattern("ShuffleBlockResolver: Registered executor .*execId=0");
    assertThat(cluster.log())
        .containsPattern("ShuffleBlockResolver: Registered executor .*execId=1");

    Networks.assertSame(workshop.network("shuffled"), workshop.network("streamed"));
    Networks.assertSame(workshop.network("shuffled"), workshop.network("tight"));
    UNDISTURBED.add(workshop.network("undisturbed"));
  }

  private static void assertPlaced(StagecoachProcess.Outcome outcome, String... hosts) {
    for (int stage = 0; stage < hosts.length; stage++) {
      assertThat(outcome.err())
          .containsPattern(
              "2 stages are placed.*\\b" + stage + " on executor \\d+ on " + hosts[stage]);
    }
  }

  /**
   * Executors are on both hosts, so that hops are measured between each two of them; what they have
   * room for is asked.
   */
  @Test
  @Order(2)
  void theDriverRunsInTheClusterToo() throws IOException {
    Map<String, String> settings = settings("out");
    settings.put("spark.cores.max", "3");
    settings.put("spark.stagecoach.stages", "3");
    settings.put("spark.stagecoach.partitioner", "measured");
    settings.put("spark.stagecoach.memory.limit", "auto");
    settings.put("spark.submit.deployMode", "cluster");
    settings.put("spark.standalone.submit.waitAppCompletion", "true");
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode succeeded = lastLine();
    assertThat(succeeded.get("status").asText()).as(succeeded.toString()).isEqualTo("succeeded");
    assertThat(workshop.path("out").resolve("model.zip")).isRegularFile();
    assertProfile(
        new ObjectMapper().readTree(workshop.path("out").resolve("profile.json").toFile()));

    settings.put("spark.stagecoach.data.label", "sort");
    settings.put("spark.stagecoach.output.path", workshop.path("refused").toString());
    workshop.run("train", settings);
    JsonNode failed = lastLine();
    assertThat(failed.get("exit_code").asInt()).isEqualTo(21);
    assertThat(failed.get("error").asText()).contains("sort");
  }

  private static void assertProfile(JsonNode profile) {
    assertThat(profile.get("devices")).as("all on one machine").isEmpty();
    Set<String> pairs = new TreeSet<>();
    for (JsonNode pair : profile.get("pairs")) {
      pairs.add(
          Stream.of(pair.get("one").asText(), pair.get("other").asText())
              .sorted()
              .collect(Collectors.joining("-")));
      assertThat(pair.at("/hop/fixed").asLong()).isBetween(1_000L, 100_000_000L);
    }
    assertThat(pairs).containsExactly("0-1", "0-2", "1-2");
    assertThat(profile.get("rooms")).hasSize(3);
    for (JsonNode room : profile.get("rooms")) {
      assertThat(room.get("heap").asLong()).isGreaterThan(1L << 28);
      assertThat(room.get("offHeap").asLong()).isGreaterThan(1L << 28);
      assertThat(room.get("device").asLong()).as("on the CPU").isZero();
    }
    assertThat(profile.at("/hops/fixed").asLong()).isBetween(1_000L, 100_000_000L);
  }

  @Test
  @Order(3)
  void anApplicationWhoseExecutorsDoNotStartEnds() {
    Map<String, String> settings = settings("out");
    settings.put("spark.stagecoach.deadline.launch", "8s");
    settings.merge("spark.executor.extraJavaOptions", " -Xms100g", String::concat);
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(25);
    assertThat(outcome.lastLine().get("error").asText())
        .containsAnyOf("no executor within 8 s", cluster.master() + " ended the application");
  }

  /** The last: one worker is all there is from here on. */
  @Test
  @Order(4)
  void aLostWorkerChangesNothing() throws IOException {
    Map<String, String> settings = longer("disturbed");
    StagecoachProcess.Outcome outcome;
    try (StagecoachProcess run = workshop.start("train", settings)) {
      Awaiting.await(Duration.ofMinutes(3), () -> run.errSoFar().contains("step "));
      cluster.killWorker();
      outcome = run.await(Duration.ofMinutes(2));
      workshop.assertTidy(run, outcome);
    }
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    JsonNode report = workshop.report("disturbed");
    assertThat(report.get("recovered")).as(outcome.toString()).isNotEmpty();
    Networks.assertSame(workshop.network("disturbed"), UNDISTURBED.get(0));
  }

  private static JsonNode lastLine() {
    return new StagecoachProcess.Outcome(0, cluster.driverSaid("stdout"), "").lastLine();
  }
}
