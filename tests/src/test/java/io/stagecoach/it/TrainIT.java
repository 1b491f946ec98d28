package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

/** What the subcommands do, with executors, on tables and on texts. */
class TrainIT {

  private static final List<String> KINDS = List.of("calm", "storm", "wind");

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeEach
  void prepare() {
    workshop = new Workshop(directory);
  }

  /** The table with names in the place of class numbers, and features that need normalising. */
  private void namedTable() throws IOException {
    List<String> lines = Files.readAllLines(workshop.table(400));
    StringBuilder table = new StringBuilder(lines.get(0)).append('\n');
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", -1);
      table
          .append(100 + 20 * Double.parseDouble(cells[0]))
          .append(',')
          .append(String.join(",", cells[1], cells[2], cells[3]))
          .append(',')
          .append(KINDS.get(Integer.parseInt(cells[4])))
          .append('\n');
    }
    workshop.write("table.csv", table.toString());
  }

  /** The table as plain DL4J takes it. */
  private DataSet rows(List<String> names) throws IOException {
    List<String> lines = Files.readAllLines(workshop.path("table.csv"));
    int count = lines.size() - 1;
    INDArray features = Nd4j.create(DataType.DOUBLE, count, Workshop.FEATURES);
    INDArray labels = Nd4j.create(DataType.DOUBLE, count, Workshop.CLASSES);
    for (int i = 0; i < count; i++) {
      String[] cells = lines.get(i + 1).split(",", -1);
      for (int j = 0; j < Workshop.FEATURES; j++) {
        features.putScalar(i, j, Double.parseDouble(cells[j]));
      }
      labels.putScalar(i, names.indexOf(cells[Workshop.FEATURES]), 1);
    }
    return new DataSet(features, labels);
  }

  @Test
  void aTableIsTrainedOnEvaluatedAndTrainedOn() throws IOException {
    namedTable();
    workshop.write("model.json", Workshop.classifier().toJson());
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.epochs", "8");
    settings.put("spark.stagecoach.data.normalize", "standard");
    settings.put("spark.stagecoach.batchStore.keep", "false");

    StagecoachProcess.Outcome trained = workshop.run("train", settings);

    assertThat(trained.exitCode()).as(trained.toString()).isZero();
    assertThat(trained.err()).contains("step ").doesNotContain("WARN", "ERROR", "\tat ");
    int steps = assertTrainingLine(trained, 8);
    assertReport(steps);
    assertThat(workshop.path("batches")).as("the batch store").isEmptyDirectory();
    assertThat(workshop.path("out").toFile().list())
        .containsExactlyInAnyOrder(
            "model.zip", "plan.json", "report.json", "timeline.html", "trace.json");

    File file = workshop.path("out").resolve("model.zip").toFile();
    MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(file);
    assertThat(network.getIterationCount()).isEqualTo(steps);
    assertThat(network.getEpochCount()).isEqualTo(8);
    List<String> names =
        List.of(
            new ObjectMapper()
                .readValue(
                    (String) ModelSerializer.getObjectFromFile(file, "stagecoach.labels"),
                    String[].class));
    assertThat(names).containsExactlyInAnyOrderElementsOf(KINDS);

    Map<String, String> plan = new TreeMap<>(settings);
    plan.put("spark.stagecoach.output.path", workshop.path("planned").toString());
    plan.put("spark.stagecoach.batchStore.path", workshop.path("planned-batches").toString());
    settings.put("spark.stagecoach.model.from", workshop.path("out").toString());
    settings.remove("spark.stagecoach.model.config");
    Map<String, String> again = new TreeMap<>(settings);
    again.put("spark.stagecoach.epochs", "1");
    again.put("spark.stagecoach.output.path", workshop.path("further").toString());
    List<StagecoachProcess.Outcome> later =
        new OneDriver(workshop)
            .inOneSession(
                List.of(
                    new OneDriver.Command("evaluate", settings),
                    new OneDriver.Command("plan", plan),
                    new OneDriver.Command("train", again)));
    assertEvaluation(later.get(0), network, file, names);
    assertPlan(later.get(1));
    assertThat(later.get(2).exitCode()).as(later.get(2).toString()).isZero();
    MultiLayerNetwork trainedOn =
        ModelSerializer.restoreMultiLayerNetwork(
            workshop.path("further").resolve("model.zip").toFile());
    assertThat(trainedOn.getIterationCount()).isEqualTo(steps + steps / 8);
    assertThat(trainedOn.getEpochCount()).isEqualTo(9);
    assertThat(trainedOn.params()).isNotEqualTo(network.params());
  }

  private int assertTrainingLine(StagecoachProcess.Outcome outcome, int epochs) {
    JsonNode line = outcome.lastLine();
    assertThat(line.get("status").asText()).isEqualTo("succeeded");
    assertThat(line.get("epochs").asInt()).isEqualTo(epochs);
    assertThat(line.get("stages").asInt()).isEqualTo(2);
    assertThat(line.get("exchange").asText()).isEqualTo("streaming");
    assertThat(line.get("model").asText()).endsWith(workshop.path("out") + "/model.zip");
    // Three classes by chance are ln 3 = 1.10.
    assertThat(line.get("loss").asDouble()).as(outcome.toString()).isBetween(0.0, 0.9);
    assertThat(line.get("validation_loss").asDouble()).isBetween(0.0, 0.9);
    assertThat(line.get("accuracy").asDouble()).isBetween(0.6, 1.0);
    assertThat(line.get("examples_per_second").asDouble()).isPositive();
    assertThat(line.get("bubble_measured").asDouble()).isBetween(0.0, 1.0);
    assertThat(line.get("bubble_expected").asDouble()).isBetween(0.0, 1.0);
    int steps = line.get("steps").asInt();
    assertThat(steps).isPositive();
    assertThat(steps % epochs).isZero();
    return steps;
  }

  private void assertReport(int steps) throws IOException {
    JsonNode report = workshop.report("out");
    assertThat(report.findValue("steps").asInt()).isEqualTo(steps);
  }

  private void assertEvaluation(
      StagecoachProcess.Outcome outcome, MultiLayerNetwork network, File file, List<String> names)
      throws IOException {
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    DataSet rows = rows(names);
    NormalizerStandardize normalizer = ModelSerializer.restoreNormalizerFromFile(file);
    normalizer.transform(rows);
    Evaluation expected = new Evaluation(names);
    expected.eval(rows.getLabels(), network.output(rows.getFeatures()));
    JsonNode line = outcome.lastLine();
    assertThat(line.get("accuracy").asDouble()).isCloseTo(expected.accuracy(), within(1e-6));
    assertThat(line.get("f1").asDouble()).isCloseTo(expected.f1(), within(1e-6));
    double loss = network.scoreExamples(rows, false).meanNumber().doubleValue();
    assertThat(line.get("validation_loss").asDouble()).isCloseTo(loss, within(1e-6));
    assertThat(line.get("perplexity").asDouble()).isCloseTo(Math.exp(loss), within(1e-5));
    assertThat(outcome.out()).contains("examples    400");
  }

  @Test
  void aTextIsTrainedOnAndASampleIsWritten() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      text.append("the coach left for station ").append(i).append(" at dawn;\n");
    }
    workshop.write("text.txt", text.toString());
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.keySet().removeIf(key -> key.contains(".data.") || key.contains(".model."));
    settings.put("spark.stagecoach.data.path", workshop.path("text.txt").toString());
    settings.put("spark.stagecoach.data.sequenceLength", "20");
    settings.put("spark.stagecoach.model.preset", "char-lstm");
    settings.put("spark.stagecoach.model.preset.width", "16");
    settings.put("spark.stagecoach.sample.length", "40");
    settings.put("spark.stagecoach.sample.start", "the coach");
    settings.put("spark.stagecoach.epochs", "100");
    settings.put("spark.stagecoach.maxSteps", "8");

    StagecoachProcess.Outcome outcome = workshop.run("train", settings);

    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.lastLine().get("steps").asInt()).isEqualTo(8);
    assertThat(outcome.lastLine().get("epochs").asInt()).isZero();
    assertThat(outcome.lastLine().get("validation_loss").asDouble())
        .isBetween(0.0, 2 * Math.log(40));
    assertThat(outcome.out()).containsPattern("A sample of what the model writes:\\R+the coach");
    MultiLayerNetwork network =
        ModelSerializer.restoreMultiLayerNetwork(
            workshop.path("out").resolve("model.zip").toFile());
    assertThat(network.getIterationCount()).isEqualTo(8);
  }

  /** It is printed, and nothing trained. */
  private void assertPlan(StagecoachProcess.Outcome outcome) {
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    assertThat(outcome.out())
        .containsPattern("(?m)^.*stage.*layers")
        .contains("expected bubble")
        .contains("1f1b, 4 micro-batches");
    assertThat(outcome.lastLine().get("bubble_expected").asDouble()).isBetween(0.0, 1.0);
    assertThat(outcome.lastLine().get("steps").isNull()).isTrue();
    assertThat(workshop.path("planned")).doesNotExist();
    assertThat(workshop.path("planned-batches")).doesNotExist();
  }
}
