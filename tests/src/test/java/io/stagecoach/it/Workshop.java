package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A directory in which a test keeps its data, models and results, and runs Stagecoach. */
public record Workshop(Path directory) {

  static final int CLASSES = 3;
  static final int FEATURES = 4;

  /** A table of four numbers and a class that depends on them, as CSV with a header. */
  public Path table(int rows) {
    Random random = new Random(11);
    List<String> lines = new ArrayList<>();
    lines.add("a,b,c,d,kind");
    for (int i = 0; i < rows; i++) {
      double a = random.nextGaussian();
      double b = random.nextGaussian();
      int kind = a * b > 0.3 ? 2 : a > b ? 1 : 0;
      lines.add(a + "," + b + "," + random.nextGaussian() + "," + (a - b) + "," + kind);
    }
    return write("table.csv", String.join("\n", lines) + "\n");
  }

  /** A classifier of the table, in double precision. */
  public static MultiLayerConfiguration classifier() {
    return classifier(DataType.DOUBLE);
  }

  /** The same in another precision. */
  static MultiLayerConfiguration classifier(DataType type) {
    return classifier(type, 16);
  }

  /** The same of another width. */
  static MultiLayerConfiguration classifier(DataType type, int width) {
    return new NeuralNetConfiguration.Builder()
        .seed(3)
        .dataType(type)
        .updater(new Adam(0.01))
        .l2(1e-4)
        .activation(Activation.TANH)
        .list()
        .layer(new DenseLayer.Builder().nIn(FEATURES).nOut(width).dropOut(0.9).build())
        .layer(new DenseLayer.Builder().nIn(width).nOut(width).build())
        .layer(new DenseLayer.Builder().nIn(width).nOut(8).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(8)
                .nOut(CLASSES)
                .build())
        .build();
  }

  /** Writes a file of this name. */
  public Path write(String name, String text) {
    try {
      return Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where a file of this name is. */
  public Path path(String name) {
    return directory.resolve(name);
  }

  /** The report that a run has saved to this output. */
  JsonNode report(String output) throws IOException {
    return new ObjectMapper().readTree(path(output).resolve("report.json").toFile());
  }

  /** The network that a run has saved to this output. */
  MultiLayerNetwork network(String output) throws IOException {
    return ModelSerializer.restoreMultiLayerNetwork(
        path(output).resolve("model.zip").toFile(), true);
  }

  /** Settings of two executors, and nothing of a pipeline. */
  Map<String, String> clusterSettings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("spark.master", "local-cluster[2,1,1024]");
    settings.put("spark.driver.memory", "768m");
    settings.put("spark.executor.memory", "1g");
    settings.put("spark.executor.cores", "1");
    settings.put("spark.ui.enabled", "false");
    settings.put("spark.sql.shuffle.partitions", "2");
    // For tables of a few hundred rows Spark would write, and compile, more code than it runs.
    settings.put("spark.sql.codegen.wholeStage", "false");
    settings.put("spark.sql.codegen.factoryMode", "NO_CODEGEN");
    settings.put("spark.driver.extraJavaOptions", javaOptions());
    settings.put("spark.executor.extraJavaOptions", javaOptions());
    return settings;
  }

  /** Settings that train the classifier on the table for two epochs in two executors. */
  Map<String, String> classifierSettings() {
    Map<String, String> settings = clusterSettings();
    settings.put("spark.stagecoach.stages", "2");
    settings.put("spark.stagecoach.batchSize", "32");
    settings.put("spark.stagecoach.microBatches", "4");
    settings.put("spark.stagecoach.epochs", "2");
    settings.put("spark.stagecoach.data.path", path("table.csv").toString());
    settings.put("spark.stagecoach.data.features", "a,b,c,d");
    settings.put("spark.stagecoach.data.label", "kind");
    settings.put("spark.stagecoach.model.config", path("model.json").toString());
    settings.put("spark.stagecoach.batchStore.path", path("batches").toString());
    settings.put("spark.stagecoach.output.path", path("out").toString());
    return settings;
  }

  /**
   * What these processes leave among temporary files can so be told from what others do. They live
   * for seconds, most of which the second compiler and the verifier of byte code would take for
   * themselves.
   */
  private String javaOptions() {
    return "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions"
        + " -XX:-BytecodeVerificationRemote -Djava.io.tmpdir="
        + temporary();
  }

  private Path temporary() {
    try {
      return Files.createDirectories(directory.resolve("tmp"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a subcommand with these settings, and nothing else, to its tidy end. */
  StagecoachProcess.Outcome run(String command, Map<String, String> settings) {
    try (StagecoachProcess run = start(command, settings)) {
      StagecoachProcess.Outcome outcome = run.await(Duration.ofMinutes(5));
      assertTidy(run, outcome);
      return outcome;
    }
  }

  /** Trains with these settings, and evaluates the model on the same data; both succeed. */
  StagecoachProcess.Outcome trainAndEvaluate(Map<String, String> settings) {
    Map<String, String> ofModel = new TreeMap<>(settings);
    ofModel.remove("spark.stagecoach.model.config");
    ofModel.put("spark.stagecoach.model.from", path("out").toString());
    List<StagecoachProcess.Outcome> outcomes =
        new OneDriver(this)
            .succeedInOneSession(
                List.of(
                    new OneDriver.Command("train", settings),
                    new OneDriver.Command("evaluate", ofModel)));
    return outcomes.get(1);
  }

  /**
   * However it has ended, no process is left, no result half written and nothing among the
   * temporary files; if it has succeeded, nothing of the run's own directory either.
   */
  void assertTidy(StagecoachProcess run, StagecoachProcess.Outcome outcome) {
    run.awaitNoProcess();
    if (outcome.exitCode() == 0) {
      assertThat(run.runDirectory()).as(outcome.toString()).isEmpty();
    }
    // The executors' logs of a failed run are for a person who looks for its cause.
    run.runDirectory().forEach(Workshop::delete);
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.map(p -> p.getFileName().toString()))
          .as(outcome.toString())
          .noneMatch(name -> name.endsWith(".part") || name.endsWith(".old"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (Stream<Path> files = Files.list(temporary())) {
      assertThat(files.map(p -> p.getFileName().toString()))
          .as(outcome.toString())
          .noneMatch(name -> name.startsWith("stagecoach") || name.startsWith("spark"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Whose driver was killed could not tidy up after itself: its processes end all the same, and
   * what it left among temporary files is Spark's own.
   */
  void tidyAfterKill(StagecoachProcess run) {
    run.awaitNoProcess();
    run.runDirectory().forEach(Workshop::delete);
    try (Stream<Path> files = Files.list(temporary())) {
      List<Path> left = files.filter(p -> !p.getFileName().toString().startsWith("lib")).toList();
      assertThat(left).allMatch(p -> p.getFileName().toString().startsWith("spark-"));
      left.forEach(Workshop::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a subcommand with these settings and arguments of its own, and nothing else. */
  StagecoachProcess start(String command, Map<String, String> settings, String... own) {
    List<String> arguments = new ArrayList<>(arguments(command, settings));
    if (own.length > 0) {
      arguments.add("--");
      arguments.addAll(List.of(own));
    }
    return StagecoachProcess.start(directory, arguments);
  }

  private List<String> arguments(String command, Map<String, String> settings) {
    return List.of(
        command,
        // In a file the launcher would adapt a local cluster to the number of stages.
        "--master",
        settings.get("spark.master"),
        "--properties-file",
        properties(command, settings).toString());
  }

  /** A properties file with these settings, for a command of its own. */
  public Path properties(String name, Map<String, String> settings) {
    StringBuilder properties = new StringBuilder();
    settings.forEach((key, value) -> properties.append(key).append(' ').append(value).append('\n'));
    return write(name + ".properties", properties.toString());
  }
}
