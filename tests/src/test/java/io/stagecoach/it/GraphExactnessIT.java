package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.ReadOptions;
import io.stagecoach.batch.ReadOptions.Floats;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.batch.StoreManifest;
import io.stagecoach.batch.StoreReader;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.Graphs;
import io.stagecoach.engine.dl4j.UncutGraphTrainer;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Executors that train a cut graph, with skip connections over cuts and whole stages, come to the
 * weights of the uncut graph that plain DL4J trains in this process, to the last bit.
 */
class GraphExactnessIT {

  private static final int ROWS = 100;
  private static final int PIXELS = 36;
  private static final int BATCH_SIZE = 32;
  private static final int MICRO_BATCHES = 5;
  private static final int EPOCHS = 2;
  private static final long SEED = 91;

  @TempDir Path directory;

  @Test
  void aResidualGraphInThreeStages() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.write("table.csv", images());
    String json = Graphs.residualOfVectors();
    workshop.write("model.json", json);
    Map<String, String> data =
        Map.of(
            "spark.stagecoach.data.features",
            pixels(),
            "spark.master",
            "local-cluster[3,1,1024]",
            "spark.stagecoach.stages",
            "3");
    Map<String, String> evaluation = settings(workshop, "evaluated", data);
    evaluation.remove("spark.stagecoach.model.config");
    evaluation.put("spark.stagecoach.model.from", workshop.path("streamed").toString());
    evaluation.put(
        "spark.stagecoach.batchStore.path", workshop.path("evaluated-batches").toString());
    List<StagecoachProcess.Outcome> outcomes =
        new OneDriver(workshop)
            .succeedInOneSession(
                List.of(
                    training(workshop, "streamed", data, Map.of()),
                    training(
                        workshop,
                        "shuffled",
                        data,
                        Map.of(
                            "spark.stagecoach.exchange", "shuffle",
                            "spark.stagecoach.schedule", "zb-h1")),
                    new OneDriver.Command("evaluate", evaluation)));
    assertAllAreUncut(
        workshop, json, List.of(graph(workshop, "streamed"), graph(workshop, "shuffled")));
    assertThat(outcomes.get(2).out()).contains("accuracy");
  }

  @Test
  void aGraphOfSeveralInputsAndOutputs() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(ROWS);
    String json = Graphs.several();
    workshop.write("model.json", json);
    Map<String, String> data =
        Map.of(
            "spark.stagecoach.data.features.early", "a,b,c,d",
            "spark.stagecoach.data.features.late", "b,d",
            "spark.stagecoach.data.label.classes", "kind",
            "spark.stagecoach.data.label.side", "c");
    OneDriver.Command command =
        training(workshop, "several", data, Map.of("spark.stagecoach.recompute", "stage"));
    StagecoachProcess.Outcome outcome = workshop.run("train", command.settings());
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertAllAreUncut(workshop, json, List.of(graph(workshop, "several")));
  }

  private static String pixels() {
    return IntStream.range(0, PIXELS).mapToObj(i -> "p" + i).collect(Collectors.joining(","));
  }

  /** Images as vectors: the brightest third is the class. */
  private static String images() {
    Random random = new Random(5);
    StringBuilder text = new StringBuilder(pixels()).append(",kind\n");
    for (int row = 0; row < ROWS; row++) {
      int kind = random.nextInt(3);
      for (int i = 0; i < PIXELS; i++) {
        text.append(random.nextGaussian() + (i / 12 == kind ? 1 : 0)).append(',');
      }
      text.append(kind).append('\n');
    }
    return text.toString();
  }

  private static Map<String, String> settings(
      Workshop workshop, String name, Map<String, String> data) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.batchSize", String.valueOf(BATCH_SIZE));
    settings.put("spark.stagecoach.microBatches", String.valueOf(MICRO_BATCHES));
    settings.put("spark.stagecoach.epochs", String.valueOf(EPOCHS));
    settings.put("spark.stagecoach.seed", String.valueOf(SEED));
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    if (!data.containsKey("spark.stagecoach.data.features")) {
      settings.remove("spark.stagecoach.data.features");
      settings.remove("spark.stagecoach.data.label");
    }
    settings.putAll(data);
    return settings;
  }

  private static OneDriver.Command training(
      Workshop workshop, String name, Map<String, String> data, Map<String, String> difference) {
    Map<String, String> settings = settings(workshop, name, data);
    settings.putAll(difference);
    return new OneDriver.Command("train", settings);
  }

  private static ComputationGraph graph(Workshop workshop, String name) throws IOException {
    return ModelSerializer.restoreComputationGraph(
        workshop.path(name).resolve("model.zip").toFile());
  }

  private static void assertAllAreUncut(
      Workshop workshop, String json, List<ComputationGraph> graphs) throws IOException {
    try (UncutGraphTrainer uncut = new UncutGraphTrainer(json, SEED)) {
      trainUncut(workshop.path("batches"), uncut);
      for (ComputationGraph trained : graphs) {
        assertThat(trained.params().toDoubleVector())
            .containsExactly(uncut.parameters().toDoubleVector());
        assertThat(trained.getUpdater().getStateViewArray().toDoubleVector())
            .containsExactly(uncut.graph().getUpdater().getStateViewArray().toDoubleVector());
        assertThat(trained.getIterationCount()).isEqualTo(uncut.graph().getIterationCount());
        assertThat(trained.getEpochCount()).isEqualTo(EPOCHS);
      }
    }
  }

  /** Trains on what the executors were given: their batch store, in their order. */
  private static void trainUncut(Path stores, UncutGraphTrainer uncut) throws IOException {
    List<Path> found;
    try (Stream<Path> all = Files.list(stores)) {
      found = all.toList();
    }
    LocalStorage storage = new LocalStorage(found.get(0));
    StoreManifest manifest = ManifestFile.read(storage);
    assertThat(found).as("the runs share one store").hasSize(1);
    Set<String> columns =
        manifest.columns().stream().map(ColumnSpec::name).collect(Collectors.toSet());
    MicroBatches batches =
        new MicroBatches(manifest.rows(Split.TRAINING), BATCH_SIZE, MICRO_BATCHES);
    try (StoreReader reader =
        new StoreReader(storage, manifest, ReadOptions.shuffled(SEED).withFloats(Floats.FLOAT64))) {
      long step = 0;
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        for (long i = 0; i < batches.steps(); i++) {
          List<Tensors> microBatches = new ArrayList<>();
          for (Slice slice : batches.slices(Split.TRAINING, epoch, i)) {
            microBatches.add(read(reader, slice, columns));
          }
          uncut.step(microBatches, step, epoch);
          step++;
          microBatches.forEach(Tensors::close);
        }
      }
    }
  }

  private static Tensors read(StoreReader reader, Slice slice, Set<String> columns) {
    Map<String, INDArray> own = new HashMap<>();
    try (Tensors stored = reader.read(slice, columns)) {
      stored
          .asMap()
          .forEach(
              (name, array) ->
                  own.put(
                      name,
                      name.startsWith(Columns.LABELS) && array.isZ()
                          ? Batches.oneHot(array, Workshop.CLASSES)
                          : array.dup()));
    }
    return Tensors.of(own);
  }
}
