package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.spark.dl4j.PipelineTrainingMaster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Throughput of three ways to train one DL4J network on the same examples with the same cores:
 * DL4J's parameter averaging on Spark, plain DL4J with as many threads as there are cores, and the
 * pipeline. The first and the last have two executors of one core. Rounds of all three alternate. A
 * round is one call of {@code fit}, with all that belongs to it: for the pipeline, that its stages
 * are placed.
 *
 * <p>Arguments: {@code full} or {@code trial}, and the JSON file to write.
 */
public final class Dl4jBenchmark {

  private static final int EXECUTORS = 2;
  private static final int CLASSES = 10;

  /**
   * A network of dense layers, and how much of it is done.
   *
   * @param width the width of all its layers
   * @param layers how many hidden ones
   * @param batch the examples of a mini-batch
   * @param microBatches into how many the pipeline cuts one
   * @param batches how many mini-batches a round has
   * @param rounds how many rounds are measured, after one that is not
   */
  private record Trial(
      int width, int layers, int batch, int microBatches, int batches, int rounds) {

    static Trial named(String effort) {
      return switch (effort) {
        case "full" -> new Trial(768, 8, 2048, 4, 24, 3);
        case "trial" -> new Trial(128, 4, 512, 4, 4, 1);
        default -> throw new IllegalArgumentException("'" + effort + "' is neither full nor trial");
      };
    }

    long examples() {
      return (long) batch * batches;
    }

    MultiLayerConfiguration network() {
      return MultiLayerConfiguration.fromJson(
          Workload.mlp("mlp", width, layers, CLASSES, batch).model());
    }

    List<DataSet> data() {
      SplittableRandom random = new SplittableRandom(Workload.SEED);
      List<DataSet> sets = new ArrayList<>();
      for (int i = 0; i < batches; i++) {
        float[] values = new float[batch * width];
        for (int v = 0; v < values.length; v++) {
          values[v] = (float) (2 * random.nextDouble() - 1);
        }
        INDArray labels = Nd4j.zeros(batch, CLASSES);
        for (int row = 0; row < batch; row++) {
          labels.putScalar(row, random.nextInt(CLASSES), 1);
        }
        sets.add(new DataSet(Nd4j.create(values, batch, width), labels));
      }
      return sets;
    }
  }

  /**
   * What one way does.
   *
   * @param examplesPerSecond the median round's
   * @param secondsPerRound of each round
   */
  private record Row(String way, double examplesPerSecond, List<Double> secondsPerRound) {}

  /** One way to train: a call trains on all examples once, and says how many seconds it took. */
  private interface Way {

    double round() throws IOException;
  }

  private Dl4jBenchmark() {}

  public static void main(String[] arguments) throws IOException {
    Trial trial = Trial.named(arguments[0]);
    Path out = Path.of(arguments[1]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "dl4j-");
    try {
      List<Row> rows = measure(trial, folder);
      print(trial, rows);
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("cores", EXECUTORS);
      document.put("trial", trial);
      document.put("ways", rows);
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(out.toFile(), document);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private static List<Row> measure(Trial trial, Path folder) throws IOException {
    List<DataSet> sets = trial.data();
    for (int i = 0; i < sets.size(); i++) {
      sets.get(i).save(folder.resolve(String.format(Locale.ROOT, "set-%04d.bin", i)).toFile());
    }
    Path model = Files.writeString(folder.resolve("model.json"), trial.network().toJson());
    try (JavaSparkContext spark = TrialApplication.start("benchmark dl4j", EXECUTORS);
        PlainFitProcess plain = PlainFitProcess.start(model, folder, EXECUTORS)) {
      // Parameter averaging keeps it in the executors' memory itself.
      JavaRDD<DataSet> rdd = spark.parallelize(sets, EXECUTORS);
      SparkDl4jMultiLayer averaging =
          new SparkDl4jMultiLayer(spark, trial.network(), averaging(trial));
      SparkDl4jMultiLayer pipeline =
          new SparkDl4jMultiLayer(spark, trial.network(), pipeline(trial, folder));
      Map<String, Way> ways = new LinkedHashMap<>();
      ways.put("parameter averaging", () -> seconds(() -> averaging.fit(rdd)));
      ways.put("plain fit", plain::round);
      ways.put("pipeline", () -> seconds(() -> pipeline.fit(rdd)));
      Map<String, List<Double>> rounds = new LinkedHashMap<>();
      for (int round = 0; round <= trial.rounds(); round++) {
        for (Map.Entry<String, Way> way : ways.entrySet()) {
          double seconds = way.getValue().round();
          if (round > 0) {
            rounds.computeIfAbsent(way.getKey(), name -> new ArrayList<>()).add(seconds);
          }
        }
      }
      List<Row> rows = new ArrayList<>();
      rounds.forEach(
          (name, seconds) -> rows.add(new Row(name, trial.examples() / median(seconds), seconds)));
      return rows;
    }
  }

  private static TrainingMaster<?, ?> averaging(Trial trial) {
    return new ParameterAveragingTrainingMaster.Builder(EXECUTORS, trial.batch())
        .batchSizePerWorker(trial.batch())
        .averagingFrequency(1)
        .rddTrainingApproach(RDDTrainingApproach.Direct)
        .build();
  }

  private static TrainingMaster<?, ?> pipeline(Trial trial, Path folder) {
    return PipelineTrainingMaster.builder()
        .stages(EXECUTORS)
        .batchSize(trial.batch())
        .microBatches(trial.microBatches())
        .conf("batchStore.path", folder.resolve("batches").toUri())
        .build();
  }

  private static double seconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private static double median(List<Double> seconds) {
    return seconds.stream().sorted().toList().get((seconds.size() - 1) / 2);
  }

  private static void print(Trial trial, List<Row> rows) {
    System.out.printf(
        Locale.ROOT,
        "%d hidden layers of %d, mini-batches of %d, %d a round; %d executors of one core each%n%n",
        trial.layers(),
        trial.width(),
        trial.batch(),
        trial.batches(),
        EXECUTORS);
    System.out.printf(Locale.ROOT, "%-22s %12s %10s  %s%n", "way", "examples/s", "pipeline", "s");
    double pipeline = rows.get(rows.size() - 1).examplesPerSecond();
    for (Row row : rows) {
      System.out.printf(
          Locale.ROOT,
          "%-22s %12.1f %9.2f×  %s%n",
          row.way(),
          row.examplesPerSecond(),
          pipeline / row.examplesPerSecond(),
          row.secondsPerRound().stream()
              .map(seconds -> String.format(Locale.ROOT, "%.2f", seconds))
              .toList());
    }
  }
}
