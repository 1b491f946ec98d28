package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.dl4j.UncutTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Executors that train a cut network come to the same weights, to the last bit, whatever the cut,
 * the schedule, the exchange and the recomputing, and these are the weights of the uncut network
 * that plain DL4J trains in this process on the same micro-batches.
 */
class ClusterExactnessIT {

  private static final int ROWS = 407;
  private static final int BATCH_SIZE = 32;
  private static final int MICRO_BATCHES = 5;
  private static final int EPOCHS = 2;
  private static final long SEED = 91;
  private static final Pattern STEP =
      Pattern.compile("Stagecoach: step [0-9]+, gpipe in ([0-9]+) ticks");

  @TempDir Path directory;

  @Test
  void weightsAreThoseOfTheUncutNetworkWhateverTheCut() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(ROWS);
    String json = Workshop.classifier().toJson();
    workshop.write("model.json", json);
    Files.createDirectory(workshop.path("events"));

    List<String> names = List.of("1f1b", "interleaved", "shuffled", "tuned", "three");
    new OneDriver(workshop)
        .succeedInOneSession(
            List.of(
                training(workshop, "1f1b", Map.of()),
                training(
                    workshop,
                    "interleaved",
                    Map.of(
                        "spark.stagecoach.schedule",
                        "interleaved-1f1b",
                        "spark.stagecoach.chunks",
                        "2",
                        "spark.stagecoach.synchronizer",
                        "executor")),
                training(
                    workshop,
                    "shuffled",
                    Map.of(
                        "spark.stagecoach.schedule",
                        "zb-h1",
                        "spark.stagecoach.exchange",
                        "shuffle",
                        "spark.stagecoach.synchronizer",
                        "executor")),
                training(
                    workshop,
                    "tuned",
                    Map.of(
                        "spark.stagecoach.schedule",
                        "gpipe",
                        "spark.stagecoach.exchange",
                        "shuffle")),
                training(
                    workshop,
                    "three",
                    Map.of(
                        "spark.stagecoach.stages",
                        "3",
                        "spark.stagecoach.schedule",
                        "eager-1f1b",
                        "spark.stagecoach.recompute",
                        "stage,none,stage"))));
    List<Integer> ticks = ticks(workshop.path("events"));
    assertThat(ticks.get(ticks.size() - 1))
        .as("ticks a step, once it is seen that they cost more than these passes: %s", ticks)
        .isLessThan(ticks.get(0));
    try (UncutTrainer uncut = new UncutTrainer(json, SEED)) {
      StoredBatches given = StoredBatches.in(workshop.path("batches"), BATCH_SIZE, MICRO_BATCHES);
      assertThat(given.manifest().chunks().get(Split.TRAINING)).hasSizeGreaterThan(2);
      MicroBatches batches = given.batches();
      int lastRows = batches.rowsOf(batches.steps() - 1);
      assertThat(lastRows).as("the last mini-batch").isLessThan(BATCH_SIZE);
      assertThat(lastRows % batches.microBatchSize()).as("its last micro-batch").isNotZero();
      given.train(uncut, SEED, EPOCHS);

      double[] expected = uncut.parameters().toDoubleVector();
      double[] state = uncut.network().getUpdater().getStateViewArray().toDoubleVector();
      for (String name : names) {
        MultiLayerNetwork trained = workshop.network(name);
        assertThat(trained.params().toDoubleVector()).as(name).containsExactly(expected);
        assertThat(trained.getUpdater().getStateViewArray().toDoubleVector())
            .containsExactly(state);
        assertThat(trained.getIterationCount()).isEqualTo(uncut.network().getIterationCount());
        assertThat(trained.getEpochCount()).isEqualTo(EPOCHS);
      }
    }
  }

  /** How many ticks each step of a run by shuffle had, as the descriptions of its jobs say. */
  private static List<Integer> ticks(Path events) throws IOException {
    List<Integer> ticks = new ArrayList<>();
    try (Stream<Path> logs = Files.list(events)) {
      for (Path log : logs.toList()) {
        for (String line : Files.readAllLines(log)) {
          Matcher step = STEP.matcher(line);
          if (line.contains("SparkListenerJobStart") && step.find()) {
            ticks.add(Integer.valueOf(step.group(1)));
          }
        }
      }
    }
    return ticks;
  }

  /** All with three executors, and a log of the session's events. */
  private static OneDriver.Command training(
      Workshop workshop, String name, Map<String, String> difference) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.master", "local-cluster[3,1,1024]");
    settings.put("spark.eventLog.enabled", "true");
    settings.put("spark.eventLog.dir", workshop.path("events").toUri().toString());
    settings.put("spark.stagecoach.batchSize", String.valueOf(BATCH_SIZE));
    settings.put("spark.stagecoach.microBatches", String.valueOf(MICRO_BATCHES));
    settings.put("spark.stagecoach.epochs", String.valueOf(EPOCHS));
    settings.put("spark.stagecoach.seed", String.valueOf(SEED));
    settings.put("spark.stagecoach.batchStore.chunkRows", "50");
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    settings.putAll(difference);
    return new OneDriver.Command("train", settings);
  }
}
