package io.stagecoach.spark.job;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_repeat;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.spark.config.CategoryEncoding;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.CategoricalColumn;
import io.stagecoach.spark.data.InputColumns;
import io.stagecoach.spark.data.Learned;
import io.stagecoach.spark.data.LocalSpark;
import io.stagecoach.spark.gpu.GpuPlugin;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class ScoringRunTest {

  private static final int ROWS = 700;
  private static final List<String> NAMES = List.of("fast", "late", "lost");

  @TempDir Path folder;
  private SparkSession spark;

  @BeforeEach
  void start() {
    spark = LocalSpark.session();
  }

  /** Names are not those of the features, and rows come in four files. */
  private void table() {
    spark
        .range(0, ROWS, 1, 4)
        .select(
            col("id"),
            expr("CAST(id % 3 AS STRING)").as("day"),
            expr("sin(id)").as("a"),
            expr("100 + cos(id)").as("b"),
            when(col("id").equalTo(77), lit(null)).otherwise(expr("id / 700")).as("c"))
        .write()
        .parquet(folder.resolve("table").toString());
  }

  /** A classifier of a, b and c, which it scales; its classes have names. */
  private void model() {
    NormalizerStandardize normalizer =
        new NormalizerStandardize(
            Nd4j.create(new double[][] {{0, 100, 0.5}}),
            Nd4j.create(new double[][] {{0.7, 0.7, 0.3}}));
    String json =
        ModelPresets.named("mlp")
            .configuration(new DataShape.Table(3, 3), Map.of("hidden", "7", "dataType", "double"))
            .toJson();
    save(
        json,
        new Learned(
            NAMES,
            Optional.empty(),
            Optional.of(normalizer),
            List.of(new InputColumns("", List.of("a", "b", "c"), 3))));
  }

  private void save(String json, Learned learned) {
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      new SavedModel(model, learned, Optional.empty()).write(folder.resolve("model.zip"));
    }
  }

  private ScoringRun.Result score(String... settings) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stagecoach.data.path", folder.resolve("table").toString())
            .set("spark.stagecoach.score.batchSize", "64");
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    conf.set("spark.stagecoach.output.path", folder.resolve("scored").toString());
    return score(StagecoachConf.from(conf));
  }

  private ScoringRun.Result score(StagecoachConf conf) {
    return new ScoringRun(spark, conf).run(folder.toString(), ScoreOutput.open(spark, conf));
  }

  private List<Row> scored() {
    return spark.read().parquet(folder.resolve("scored").toString()).orderBy("id").collectAsList();
  }

  @Test
  void everyRowHasWhatPlainDl4jPutsOut() throws IOException {
    table();
    model();

    ScoringRun.Result result = score("data.missing", "drop");

    assertThat(result.scored()).isEqualTo(ROWS - 1);
    assertThat(result.dropped()).isEqualTo(1);
    MultiLayerNetwork network =
        ModelSerializer.restoreMultiLayerNetwork(folder.resolve("model.zip").toFile());
    NormalizerStandardize normalizer =
        ModelSerializer.restoreNormalizerFromFile(folder.resolve("model.zip").toFile());
    List<Row> rows = scored();
    assertThat(rows).hasSize(ROWS - 1);
    assertThat(rows.get(0).schema().fieldNames())
        .containsExactly("id", "day", "a", "b", "c", "prediction", "probability");
    for (Row row : rows) {
      INDArray features =
          Nd4j.createFromArray(
              new double[][] {{row.getDouble(2), row.getDouble(3), row.getDouble(4)}});
      normalizer.transform(features);
      double[] expected = network.output(features).toDoubleVector();
      List<Double> probability = row.getList(6);
      for (int i = 0; i < 3; i++) {
        assertThat(probability.get(i)).isCloseTo(expected[i], within(1e-12));
      }
      assertThat(row.getString(5))
          .isEqualTo(NAMES.get(Nd4j.createFromArray(expected).argMax().getInt(0)));
    }
  }

  @Test
  void againItGivesTheSameTableInThePlaceOfTheFirst() throws IOException {
    table();
    model();
    score("data.missing", "drop");
    List<Row> first = scored();

    assertThatThrownBy(() -> score("data.missing", "drop"))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTPUT));
    score(
        "data.missing",
        "drop",
        "output.overwrite",
        "true",
        "score.keep",
        "id,day,a,b,c",
        "score.partitionBy",
        "day");

    assertThat(folder.resolve("scored/day=2")).isDirectory();
    // What is in folders comes last, and as the type that its values look like.
    List<Row> again =
        spark
            .read()
            .parquet(folder.resolve("scored").toString())
            .selectExpr("id", "CAST(day AS STRING) day", "a", "b", "c", "prediction", "probability")
            .orderBy("id")
            .collectAsList();
    assertThat(again).isEqualTo(first);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("table", "model.zip", "scored");
    }
  }

  @Test
  void aMissingValueEndsItWithoutATable() {
    table();
    model();

    assertThatThrownBy(() -> score())
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA))
        .hasMessageContaining("no number in c: (a=")
        .hasMessageContaining("c=null");
    assertThat(folder.resolve("scored")).doesNotExist();
  }

  @Test
  void wrongColumnsAreRefusedByNameBeforeAnyJob() {
    table();
    model();
    AtomicInteger jobs = new AtomicInteger();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart start) {
            jobs.incrementAndGet();
          }
        };
    // Reading a Parquet table's schema is a job of Spark's own.
    spark.read().parquet(folder.resolve("table").toString()).createOrReplaceTempView("rows");
    spark.sparkContext().addSparkListener(listener);
    try {
      for (Map.Entry<String, String> wrong :
          Map.of(
                  "data.features=a,b,cc", "there is no column cc",
                  "data.features=a,b", "a, b are 2 numbers",
                  "data.features=a,b,day", "the column day is of type string",
                  "score.keep=id,dya", "there is no column dya to keep",
                  "score.partitionBy=days", "names days, which is not kept")
              .entrySet()) {
        String[] setting = wrong.getKey().split("=", 2);
        assertThatThrownBy(
                () ->
                    score(
                        StagecoachConf.from(
                            new SparkConf(false)
                                .set("spark.stagecoach.data.table", "rows")
                                .set(
                                    "spark.stagecoach.output.path",
                                    folder.resolve("scored").toString())
                                .set("spark.stagecoach." + setting[0], setting[1]))))
            .isInstanceOf(StagecoachException.class)
            .hasMessageContaining(wrong.getValue());
      }
    } finally {
      spark.sparkContext().removeSparkListener(listener);
      spark.catalog().dropTempView("rows");
    }
    assertThat(jobs).hasValue(0);
  }

  /** What Spark gives a plugin of an executor that has no GPU of Spark's. */
  private static PluginContext ofExecutor(SparkConf conf) {
    return (PluginContext)
        Proxy.newProxyInstance(
            PluginContext.class.getClassLoader(),
            new Class<?>[] {PluginContext.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "conf" -> conf;
                  case "resources" -> Map.of();
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  /** As a stage does: it computes where it should, or says that it does not. */
  @Test
  void aWholeModelClaimsItsExecutorsGpu() {
    table();
    model();
    SparkConf executor = SparkEnv.get().conf();
    ExecutorPlugin plugin = new GpuPlugin().executorPlugin();
    executor.set("spark.stagecoach.gpu.find", "/bin/false");
    try {
      assertRefused("no executor has looked which one is its own");
      plugin.init(ofExecutor(executor), Map.of());
      assertRefused("The executor has no GPU: /bin/false ended with 1");
      executor.set("spark.stagecoach.gpu.cpuFallback", "true");
      ScoringRun.Result result = score("data.missing", "drop");
      assertThat(result.scored()).isEqualTo(ROWS - 1);
      assertThat(result.devices())
          .singleElement(as(STRING))
          .startsWith("executor driver on ")
          .endsWith(": CPU (/bin/false ended with 1)");
    } finally {
      plugin.shutdown();
      executor.remove("spark.stagecoach.gpu.find");
      executor.remove("spark.stagecoach.gpu.cpuFallback");
    }
  }

  private void assertRefused(String what) {
    assertThatThrownBy(() -> score("data.missing", "drop"))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.CLUSTER);
              assertThat(e.what()).contains(what);
            });
  }

  @Test
  void categoriesAreThoseOfTraining() throws IOException {
    table();
    String json =
        ModelPresets.named("mlp")
            .configuration(new DataShape.Table(3, 3), Map.of("hidden", "7", "dataType", "double"))
            .toJson();
    save(
        json,
        new Learned(
            NAMES,
            Optional.empty(),
            Optional.empty(),
            List.of(
                new InputColumns(
                    "",
                    List.of("day", "a"),
                    3,
                    List.of(
                        new CategoricalColumn(0, CategoryEncoding.ONE_HOT, List.of("0", "2")))))));

    assertThatThrownBy(() -> score())
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("a row has a category in day that the network was not trained with")
        .hasMessageContaining("'1'");

    ScoringRun.Result result = score("data.categorical.unknown", "other");

    assertThat(result.unknownCategories()).isEqualTo(233);
    assertThat(result.figures()).containsEntry("rows_with_unknown_category", 233.0);
    MultiLayerNetwork network =
        ModelSerializer.restoreMultiLayerNetwork(folder.resolve("model.zip").toFile());
    for (Row row : scored()) {
      String day = row.getString(1);
      double[] features = {day.equals("0") ? 1 : 0, day.equals("2") ? 1 : 0, row.getDouble(2)};
      INDArray expected = network.output(Nd4j.create(new double[][] {features}));
      List<Double> probabilities = row.getList(row.fieldIndex("probability"));
      for (int i = 0; i < 3; i++) {
        assertThat(probabilities.get(i)).isCloseTo(expected.getDouble(i), within(1e-12));
      }
    }
  }

  /** Scores through a pipeline, of the one stage that this process may host. */
  private ScoringRun.Result scoreThroughThePipeline(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "score.mode",
                "pipeline",
                "stages",
                "1",
                "output.overwrite",
                "true",
                "batchStore.path",
                folder.resolve("batches").toString()));
    all.addAll(List.of(settings));
    return score(all.toArray(String[]::new));
  }

  private void assertNothingIsLeftOfThePipeline() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("batches"))) {
      assertThat(files).isEmpty();
    }
  }

  /** Batches are the same, one by one, so that the predictions are, to the last bit. */
  @Test
  void aPipelinePredictsTheSame() throws IOException {
    table();
    model();
    // A partition of which no row is left.
    String[] settings = {
      "data.missing", "drop", "data.filter", "id < 600", "score.partitionBy", "day"
    };
    ScoringRun.Result whole = score(settings);
    List<Row> expected = scored();

    ScoringRun.Result result = scoreThroughThePipeline(settings);

    assertThat(whole.stages()).isZero();
    assertThat(result.stages()).isOne();
    assertThat(result.figures()).isEqualTo(whole.figures());
    assertThat(scored()).isEqualTo(expected).hasSize(599);
    assertThat(folder.resolve("scored/day=2")).isDirectory();
    assertNothingIsLeftOfThePipeline();
  }

  @Test
  void whatAPipelineCannotReadLeavesNothingBehind() throws IOException {
    table();
    model();

    assertThatThrownBy(() -> scoreThroughThePipeline())
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA))
        .hasMessageContaining("no number in c: (a=");

    assertThat(folder.resolve("scored")).doesNotExist();
    assertNothingIsLeftOfThePipeline();
  }

  /** Sequences of several lengths, of a network that puts out a class for each step. */
  @Test
  void sequencesOfAnyLengthHaveAClassForEveryStep() throws IOException {
    Dataset<Row> sequences =
        spark
            .range(0, 60, 1, 2)
            .select(
                col("id"),
                expr("transform(sequence(1, 2 * (1 + CAST(id % 3 AS INT))), i -> sin(id + i))")
                    .as("features"));
    sequences.write().parquet(folder.resolve("table").toString());
    String json =
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .dataType(DataType.DOUBLE)
            .list()
            .layer(new LSTM.Builder().nOut(6).build())
            .layer(
                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(4)
                    .build())
            .setInputType(InputType.recurrent(2))
            .build()
            .toJson();
    save(json, new Learned(List.of(), Optional.empty(), Optional.empty()));

    score();

    MultiLayerNetwork network =
        ModelSerializer.restoreMultiLayerNetwork(folder.resolve("model.zip").toFile());
    List<Row> rows = scored();
    assertThat(rows).hasSize(60);
    scoreThroughThePipeline();
    assertThat(scored()).isEqualTo(rows);
    for (Row row : rows) {
      List<Double> values = row.getList(1);
      int time = values.size() / 2;
      INDArray features =
          Nd4j.createFromArray(values.stream().mapToDouble(Double::doubleValue).toArray())
              .reshape(1, 2, time);
      INDArray expected = network.output(features);
      List<Integer> classes = row.getList(2);
      List<scala.collection.Seq<Double>> probabilities = row.getList(3);
      assertThat(classes).hasSize(time);
      for (int t = 0; t < time; t++) {
        for (int i = 0; i < 4; i++) {
          assertThat(probabilities.get(t).apply(i))
              .isCloseTo(expected.getDouble(0, i, t), within(1e-12));
        }
      }
    }
  }

  /** Two inputs, by the columns that training has recorded, and two outputs, each by its name. */
  @Test
  void aGraphHasColumnsForEachOutput() throws IOException {
    spark
        .range(0, 50, 1, 2)
        .select(
            col("id"),
            array(expr("sin(id)"), expr("cos(id)")).as("place"),
            array_repeat(expr("id / 50.0D"), 3).as("age"))
        .write()
        .parquet(folder.resolve("table").toString());
    String json =
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .dataType(DataType.DOUBLE)
            .graphBuilder()
            .addInputs("left", "right")
            .setInputTypes(InputType.feedForward(2), InputType.feedForward(3))
            .addLayer("near", new DenseLayer.Builder().nOut(5).build(), "left")
            .addLayer("far", new DenseLayer.Builder().nOut(4).build(), "right")
            .addVertex("both", new MergeVertex(), "near", "far")
            .addLayer(
                "size",
                new OutputLayer.Builder(LossFunction.MSE)
                    .activation(Activation.IDENTITY)
                    .nOut(1)
                    .build(),
                "both")
            .addLayer(
                "kind",
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(2)
                    .build(),
                "both")
            .setOutputs("size", "kind")
            .build()
            .toJson();
    save(
        json,
        new Learned(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            List.of(
                new InputColumns("left", List.of("place"), 2),
                new InputColumns("right", List.of("age"), 3))));

    score();

    ComputationGraph graph =
        ModelSerializer.restoreComputationGraph(folder.resolve("model.zip").toFile());
    List<Row> rows = scored();
    scoreThroughThePipeline();
    assertThat(scored()).isEqualTo(rows);
    for (Row row : rows) {
      assertThat(row.schema().fieldNames())
          .containsExactly(
              "id", "place", "age", "prediction_size", "prediction_kind", "probability_kind");
      INDArray[] expected = graph.output(numbers(row.getList(1)), numbers(row.getList(2)));
      assertThat(row.getDouble(3)).isCloseTo(expected[0].getDouble(0), within(1e-12));
      List<Double> kind = row.getList(5);
      assertThat(kind.get(1)).isCloseTo(expected[1].getDouble(0, 1), within(1e-12));
      assertThat(row.getInt(4)).isEqualTo(kind.get(1) > kind.get(0) ? 1 : 0);
    }
  }

  private static INDArray numbers(List<Double> values) {
    return Nd4j.createFromArray(values.stream().mapToDouble(Double::doubleValue).toArray())
        .reshape(1, values.size());
  }
}
