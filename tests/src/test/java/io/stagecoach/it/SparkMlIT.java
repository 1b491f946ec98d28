package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The sample of a Spark ML pipeline, cross-validated with two threads over stages in two executors;
 * then its saved network scores a table, whole on those executors that Spark gives, and cut into
 * stages, of which one is lost.
 */
class SparkMlIT {

  private static final int FEATURES = 20;

  /** Enough that an executor is killed while they go through the stages. */
  private static final int ROWS = 2000;

  @TempDir Path directory;

  private static Map<String, String> ofSpark(Map<String, String> settings) {
    Map<String, String> some = new TreeMap<>(settings);
    some.keySet().removeIf(key -> key.startsWith("spark.stagecoach."));
    return some;
  }

  @Test
  void aPipelineIsChosenByCrossValidationAndItsNetworkScoresATable() throws IOException {
    Workshop workshop = new Workshop(directory);
    Path model = directory.resolve("model");
    StringBuilder properties = new StringBuilder("spark.stagecoach.stages 2\n");
    Map<String, String> spark = ofSpark(workshop.classifierSettings());
    spark.forEach((key, value) -> properties.append(key).append(' ').append(value).append('\n'));
    List<String> arguments =
        List.of(
            "sample",
            "spark-pipeline",
            "--master",
            spark.get("spark.master"),
            "--properties-file",
            workshop.write("sample.properties", properties.toString()).toString(),
            "--",
            "3000",
            model.toString());
    try (StagecoachProcess run = StagecoachProcess.start(directory, arguments)) {
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(5));
      workshop.assertTidy(run, outcome);
      assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
      assertThat(outcome.out())
          .containsPattern("learning rate 1.0E-4: accuracy 0\\.\\d+, the mean of 2 folds")
          .containsPattern("learning rate 0.003: accuracy 0\\.\\d+, the mean of 2 folds")
          .containsPattern("accuracy on the rows held back: 0\\.[5-9]");
    }

    Path network;
    try (Stream<Path> files = Files.walk(model)) {
      network = files.filter(file -> file.endsWith("network/model.zip")).findFirst().orElseThrow();
    }
    Map<String, String> settings = new TreeMap<>(spark);
    settings.put("spark.stagecoach.model.from", network.getParent().toString());
    settings.put(
        "spark.stagecoach.data.query",
        "SELECT id, transform(sequence(1, "
            + FEATURES
            + "), i -> sin(id * i)) AS features"
            + " FROM range(0, "
            + ROWS
            + ", 1, 4)");
    settings.put("spark.stagecoach.score.format", "json");
    settings.put("spark.stagecoach.score.batchSize", "1");
    settings.put("spark.stagecoach.output.path", workshop.path("scored").toString());
    StagecoachProcess.Outcome scored = workshop.run("score", settings);

    assertThat(scored.exitCode()).as(scored.toString()).isZero();
    assertThat(scored.lastLine().get("rows").asLong()).isEqualTo(ROWS);
    assertThat(scored.lastLine().get("rows_dropped").asLong()).isZero();
    List<JsonNode> rows = rows(workshop.path("scored"));
    assertEqualsDl4j(network, rows);

    // Too little for any model.
    settings.put("spark.executor.memoryOverhead", "0");
    settings.put("spark.stagecoach.stages", "2");
    settings.put("spark.stagecoach.batchStore.path", workshop.path("staged").toString());
    settings.put("spark.stagecoach.output.path", workshop.path("by-stages").toString());
    StagecoachProcess.Outcome byStages = withAKillAmidTheRows(workshop, settings);
    assertThat(byStages.exitCode()).as(byStages.toString()).isZero();
    assertThat(byStages.out()).contains("room for 0 B of them").contains("through the pipeline");
    assertThat(byStages.err()).as(byStages.toString()).contains("is run again, attempt 1");
    assertThat(byStages.lastLine().get("stages").asInt()).isEqualTo(2);
    assertThat(byStages.lastLine().get("rows").asLong()).isEqualTo(ROWS);
    assertThat(rows(workshop.path("by-stages"))).containsExactlyInAnyOrderElementsOf(rows);
    assertThat(workshop.path("staged")).isEmptyDirectory();
  }

  private static StagecoachProcess.Outcome withAKillAmidTheRows(
      Workshop workshop, Map<String, String> settings) {
    try (StagecoachProcess run = workshop.start("score", settings)) {
      long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
      while (!run.outSoFar().contains("The rows go through 2 stages")) {
        assertThat(System.nanoTime()).as(run.errSoFar()).isLessThan(end);
        assertThat(run.isOver()).as("the run is over%n%s", run.errSoFar()).isFalse();
        Awaiting.sleep(5);
      }
      run.executors().get(1).destroyForcibly();
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(2));
      run.awaitNoProcess();
      return outcome;
    }
  }

  private static List<JsonNode> rows(Path table) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> rows = new ArrayList<>();
    try (Stream<Path> files = Files.list(table)) {
      for (Path file : files.filter(name -> name.toString().endsWith(".json")).toList()) {
        for (String line : Files.readAllLines(file)) {
          rows.add(json.readTree(line));
        }
      }
    }
    return rows;
  }

  private static void assertEqualsDl4j(Path zip, List<JsonNode> rows) throws IOException {
    MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(zip.toFile());
    DataNormalization normalizer = ModelSerializer.restoreNormalizerFromFile(zip.toFile());
    assertThat(rows).hasSize(ROWS);
    for (JsonNode row : rows) {
      float[] numbers = new float[FEATURES];
      for (int i = 0; i < FEATURES; i++) {
        numbers[i] = (float) row.get("features").get(i).asDouble();
      }
      INDArray features = Nd4j.createFromArray(new float[][] {numbers});
      normalizer.transform(features);
      INDArray expected = network.output(features);
      for (int i = 0; i < expected.length(); i++) {
        assertThat(row.get("probability").get(i).asDouble())
            .isCloseTo(expected.getDouble(i), within(1e-5));
      }
      assertThat(row.get("prediction").asInt()).isBetween(0, (int) expected.length() - 1);
    }
  }
}
