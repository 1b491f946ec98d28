package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.ChunkInfo;
import io.stagecoach.batch.Columns;
import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.ReadOptions;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.batch.StoreReader;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.MultiDataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

@TestInstance(Lifecycle.PER_CLASS)
class TableDataTest {

  private static final String[] COLUMNS = {"data.features", "a,b,c", "data.label", "y"};
  private static final ModelShape CLASSES = classes(3);

  @TempDir Path folder;
  private SparkSession spark;
  private Dataset<Row> table;
  private int stores;

  /** a is uniform, b far from zero, c constant; y is one of three classes. */
  @BeforeAll
  void start() {
    spark = LocalSpark.session();
    Random random = new Random(3);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      rows.add(
          RowFactory.create(
              random.nextDouble(), 1e4 + random.nextGaussian(), 2.5f, random.nextInt(3)));
    }
    StructType schema =
        new StructType()
            .add("a", DataTypes.DoubleType)
            .add("b", DataTypes.DoubleType)
            .add("c", DataTypes.FloatType)
            .add("y", DataTypes.IntegerType);
    table = spark.createDataFrame(rows, schema);
  }

  @Test
  void storesEveryRowOnce() throws Exception {
    PreparedData data = prepare(table, CLASSES, COLUMNS);

    List<List<Double>> training = StoreContents.examples(data, Split.TRAINING);
    List<List<Double>> validation = StoreContents.examples(data, Split.VALIDATION);
    List<List<Double>> all = new ArrayList<>(training);
    all.addAll(validation);
    assertThat(all).containsExactlyInAnyOrderElementsOf(floats(table));
    assertThat(validation.size()).isBetween(30, 90);
    assertThat(data.counts())
        .isEqualTo(new PreparedData.Counts(600, 0, training.size(), validation.size()));
    assertThat(data.featureShape()).containsExactly(3);
    assertThat(data.learned().labelNames()).isEmpty();
    assertThat(data.learned().normalizer()).isEmpty();
    assertThat(data.bytes()).isPositive();
    assertThat(data.manifest().chunks().get(Split.TRAINING))
        .hasSizeGreaterThan(5)
        .allSatisfy(chunk -> assertThat(chunk.rows()).isLessThanOrEqualTo(200));
    assertThat(training).as("an order that is not the table's").isNotEqualTo(sorted(training));
  }

  @Test
  void isWhatTheStagesRead() throws Exception {
    PreparedData data = prepare(table, CLASSES, COLUMNS);

    try (StoreReader reader =
            new StoreReader(data.storage(), data.manifest(), ReadOptions.stored());
        Tensors rows =
            reader.read(
                Slice.of(Split.VALIDATION, 0, 0, (int) data.counts().validation()),
                Set.of(Columns.FEATURES, Columns.LABELS))) {
      assertThat(rows.get(Columns.FEATURES))
          .isEqualTo(
              matrix(StoreContents.rows(data, Split.VALIDATION, "features"), DataType.FLOAT));
      assertThat(rows.get(Columns.LABELS).dataType()).isEqualTo(DataType.INT32);
      assertThat(rows.get(Columns.LABELS).toIntVector())
          .isEqualTo(
              StoreContents.rows(data, Split.VALIDATION, "labels").stream()
                  .mapToInt(label -> label.get(0).intValue())
                  .toArray());
    }
  }

  @Test
  void isTheSameHoweverTheTableIsPartitioned() {
    String[] settings = with(COLUMNS, "data.normalize", "standard");
    PreparedData one = prepare(table.coalesce(1), CLASSES, settings);

    for (Dataset<Row> other :
        List.of(
            table.repartition(7), table.orderBy("b").coalesce(3), table.repartition(5, col("y")))) {
      PreparedData data = prepare(other, CLASSES, settings);
      assertThat(data.manifest().chunks()).isEqualTo(one.manifest().chunks());
      assertThat(data.learned().normalizer()).isEqualTo(one.learned().normalizer());
    }
  }

  @Test
  void dependsOnTheSeedInOrderOnly() throws Exception {
    PreparedData one = prepare(table, CLASSES, with(COLUMNS, "seed", "1"));
    PreparedData two = prepare(table, CLASSES, with(COLUMNS, "seed", "2"));

    List<List<Double>> first = StoreContents.examples(one, Split.TRAINING);
    List<List<Double>> second = StoreContents.examples(two, Split.TRAINING);
    assertThat(first).isNotEqualTo(second).containsExactlyInAnyOrderElementsOf(second);
  }

  @Test
  void readsEveryFormOfFeatures() {
    PreparedData columns = prepare(table, CLASSES, COLUMNS);
    String[] oneColumn = {"data.features", "f", "data.label", "y"};

    Dataset<Row> arrays = table.select(array(col("a"), col("b"), col("c")).as("f"), col("y"));
    assertThat(prepare(arrays, CLASSES, oneColumn).manifest().chunks())
        .isEqualTo(columns.manifest().chunks());
    List<Row> vectors = new ArrayList<>();
    for (Row row : table.collectAsList()) {
      double[] values = {row.getDouble(0), row.getDouble(1), row.getFloat(2)};
      vectors.add(
          RowFactory.create(
              vectors.size() % 2 == 0
                  ? Vectors.dense(values)
                  : Vectors.sparse(3, new int[] {0, 1, 2}, values),
              row.getInt(3)));
    }
    StructType schema =
        new StructType().add("f", SQLDataTypes.VectorType()).add("y", DataTypes.IntegerType);
    assertThat(
            prepare(spark.createDataFrame(vectors, schema), CLASSES, oneColumn).manifest().chunks())
        .isEqualTo(columns.manifest().chunks());
  }

  @ParameterizedTest
  @CsvSource({"parquet,true", "orc,true", "json,true", "csv,false"})
  void readsEveryFormatOfFiles(String format, boolean byEnding) {
    PreparedData expected = prepare(table, CLASSES, COLUMNS);
    Path path = folder.resolve("table-" + format + (byEnding ? "." + format : ""));
    table.repartition(3).write().format(format).option("header", "true").save(path.toString());
    String[] settings = with(COLUMNS, "data.path", path.toString());
    StagecoachConf conf = conf(byEnding ? settings : with(settings, "data.format", format));

    PreparedData data = JobData.open(spark, conf).prepare(CLASSES);
    PreparedData again = JobData.open(spark, conf).prepare(CLASSES);

    assertThat(data.manifest().chunks()).isEqualTo(expected.manifest().chunks());
    assertThat(data.reused()).isFalse();
    assertThat(again.reused()).isTrue();
  }

  @Test
  void readsATable() {
    table.createOrReplaceTempView("measurements");
    StagecoachConf conf = conf(with(COLUMNS, "data.table", "measurements"));

    JobData data = JobData.open(spark, conf);

    assertThat(data.shape()).isEqualTo(new DataShape.Table(3, 3));
    assertThat(data.tokenizer()).isEmpty();
    assertThat(data.prepare(CLASSES).manifest().chunks())
        .isEqualTo(prepare(table, CLASSES, COLUMNS).manifest().chunks());
    assertThat(refusedToOpen("data.table", "measurement").getMessage())
        .contains("there is no table measurement", "the nearest is measurements");
  }

  @Test
  void writesAgainOnlyWhatChanged() throws Exception {
    String[] settings = with(COLUMNS, "batchStore.path", folder.resolve("reused").toString());
    PreparedData first = prepare(table, CLASSES, with(settings, "data.normalize", "minmax"));
    PreparedData again =
        prepare(table.repartition(3), CLASSES, with(settings, "data.normalize", "minmax"));
    PreparedData other = prepare(table, CLASSES, with(settings, "seed", "5"));
    PreparedData fewer =
        prepare(table.limit(599), CLASSES, with(settings, "data.normalize", "minmax"));

    assertThat(first.reused()).isFalse();
    assertThat(again.reused()).isTrue();
    assertThat(again.manifest()).isEqualTo(first.manifest());
    assertThat(again.learned()).isEqualTo(first.learned());
    assertThat(again.counts()).isEqualTo(first.counts());
    assertThat(other.reused()).isFalse();
    assertThat(fewer.reused()).isFalse();

    ChunkInfo chunk = first.manifest().chunks().get(Split.TRAINING).get(0);
    first.storage().delete(ManifestFile.NAME);
    first.storage().delete(chunk.id());
    first.storage().create("training/left-over").close();
    PreparedData rewritten = prepare(table, CLASSES, with(settings, "data.normalize", "minmax"));
    assertThat(rewritten.reused()).isFalse();
    assertThat(rewritten.manifest()).isEqualTo(first.manifest());
    assertThat(rewritten.storage().exists("training/left-over")).isFalse();

    rewritten.delete();
    assertThat(rewritten.storage().list("")).isEmpty();
  }

  @Test
  void cutsBucketsOfEqualRows() throws Exception {
    Dataset<Row> equal = spark.range(1000).select(lit(1.0).as("features"), lit(0).as("label"));

    PreparedData data = prepare(equal, classes(2, 1), "data.validationShare", "0");

    assertThat(data.counts()).isEqualTo(new PreparedData.Counts(1000, 0, 1000, 0));
    assertThat(data.manifest().chunks().get(Split.TRAINING))
        .allSatisfy(chunk -> assertThat(chunk.rows()).isLessThanOrEqualTo(200))
        .hasSize(5);
    assertThat(StoreContents.examples(data, Split.TRAINING))
        .hasSize(1000)
        .containsOnly(List.of(1.0, 0.0));
  }

  // Labels.

  @ParameterizedTest
  @CsvSource({
    "'case when y = 0 then ''red'' when y = 1 then ''blue'' else ''green'' end','blue,green,red'",
    "'y > 0','false,true'",
    "'cast(y as bigint)',''",
    "'cast(y as double)',''",
    "'cast(y as decimal(3,1))',''"
  })
  void indexesClasses(String label, String names) throws Exception {
    Dataset<Row> named = table.withColumn("y", expr(label));

    PreparedData data = prepare(named, CLASSES, COLUMNS);

    List<String> expected = names.isEmpty() ? List.of() : List.of(names.split(",", -1));
    assertThat(data.learned().labelNames()).isEqualTo(expected);
    List<List<Double>> stored = StoreContents.examples(data, Split.TRAINING);
    stored.addAll(StoreContents.examples(data, Split.VALIDATION));
    List<List<Double>> rows = new ArrayList<>();
    for (Row row : named.collectAsList()) {
      String text = String.valueOf(row.get(3));
      double index = expected.isEmpty() ? Double.parseDouble(text) : expected.indexOf(text);
      rows.add(
          List.of(
              (double) (float) row.getDouble(0), (double) (float) row.getDouble(1), 2.5, index));
    }
    assertThat(stored).containsExactlyInAnyOrderElementsOf(rows);
  }

  @Test
  void keepsOneHotLabelsAndValues() throws Exception {
    Column oneHot =
        array(
            when(col("y").equalTo(0), 1).otherwise(0),
            when(col("y").equalTo(1), 1).otherwise(0),
            when(col("y").equalTo(2), 1).otherwise(0));
    Dataset<Row> hot = table.withColumn("y", oneHot);
    PreparedData classes = prepare(hot, CLASSES, COLUMNS);
    assertThat(StoreContents.rows(classes, Split.TRAINING, "labels"))
        .allSatisfy(label -> assertThat(label).containsExactlyInAnyOrder(1.0, 0.0, 0.0));

    ModelShape values =
        new ModelShape(List.of(1), 2, ModelShape.Output.VALUES, false, DataType.DOUBLE);
    PreparedData regression = prepare(table, values, "data.features", "a", "data.label", "b,c");
    List<List<Double>> expected =
        table.select("a", "b", "c").collectAsList().stream()
            .map(row -> List.of(row.getDouble(0), row.getDouble(1), (double) row.getFloat(2)))
            .toList();
    List<List<Double>> stored = StoreContents.examples(regression, Split.TRAINING);
    stored.addAll(StoreContents.examples(regression, Split.VALIDATION));
    assertThat(stored).as("in double").containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void keepsSequences() throws Exception {
    // Features [2, time], a class at each time step; the data says that there are 3 of them.
    Dataset<Row> sequences =
        spark
            .range(50)
            .select(
                expr("transform(sequence(0, 5), i -> id * 10 + i)").as("features"),
                expr("array(id % 2, 1, 0)").as("label"));
    ModelShape shape =
        new ModelShape(
            List.of(2, ModelShape.ANY), 2, ModelShape.Output.CLASSES, true, DataType.FLOAT);

    PreparedData data = prepare(sequences, shape);

    assertThat(data.featureShape()).containsExactly(2, 3);
    assertThat(data.manifest().column("features").orElseThrow().timeSteps()).isEqualTo(3);
    assertThat(data.manifest().column("labels").orElseThrow().rowShape()).containsExactly(3);
    assertThat(data.manifest().column("labels").orElseThrow().timeAxis()).isTrue();
    assertThat(StoreContents.examples(data, Split.TRAINING))
        .contains(List.of(70.0, 71.0, 72.0, 73.0, 74.0, 75.0, 1.0, 1.0, 0.0));
  }

  /** Row i has 1 + i % 4 steps of (i + step, -step), scaled by the steps that there are. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void masksTheStepsThatAShorterSequenceHasNot(boolean scaled) throws Exception {
    Dataset<Row> sequences =
        spark
            .range(50)
            .withColumn("steps", expr("transform(sequence(0, cast(id % 4 as int)), i -> i)"))
            .select(
                expr("concat(transform(steps, i -> id + i), transform(steps, i -> -i))")
                    .as("features"),
                expr("transform(steps, i -> (id + i) % 2)").as("label"));
    ModelShape shape =
        new ModelShape(
            List.of(2, ModelShape.ANY), 2, ModelShape.Output.CLASSES, true, DataType.DOUBLE);
    String normalize = scaled ? "standard" : "none";

    PreparedData data =
        prepare(sequences, shape, "data.normalize", normalize, "data.validationShare", "0");

    assertThat(data.featureShape()).containsExactly(2, 4);
    List<List<Double>> features = StoreContents.rows(data, Split.TRAINING, "features");
    List<List<Double>> masks = StoreContents.rows(data, Split.TRAINING, "features_mask");
    List<List<Double>> labels = StoreContents.rows(data, Split.TRAINING, "labels");
    assertThat(StoreContents.rows(data, Split.TRAINING, "labels_mask")).isEqualTo(masks);
    assertThat(data.manifest().column("labels_mask").orElseThrow().timeAxis()).isTrue();
    double[][] all = new double[2][];
    for (int channel = 0; channel < 2; channel++) {
      int of = channel;
      all[channel] =
          IntStream.range(0, 50)
              .boxed()
              .flatMap(i -> IntStream.rangeClosed(0, i % 4).mapToObj(k -> of == 0 ? i + k : -k))
              .mapToDouble(value -> value)
              .toArray();
    }
    Set<Integer> found = new HashSet<>();
    for (int row = 0; row < 50; row++) {
      int steps = (int) masks.get(row).stream().mapToDouble(m -> m).sum();
      assertThat(masks.get(row)).isEqualTo(ones(steps));
      double first = scaled ? unscaled(features.get(row).get(0), all[0]) : features.get(row).get(0);
      int id = (int) Math.round(first);
      assertThat(steps).isEqualTo(1 + id % 4);
      found.add(id);
      for (int step = 0; step < 4; step++) {
        boolean own = step < steps;
        double a = features.get(row).get(step);
        double b = features.get(row).get(4 + step);
        assertThat(labels.get(row).get(step)).isEqualTo(own ? (id + step) % 2 : 0);
        if (!own) {
          assertThat(List.of(a, b)).containsExactly(0.0, 0.0);
        } else {
          assertThat(scaled ? unscaled(a, all[0]) : a).isCloseTo(id + step, within(1e-9));
          assertThat(scaled ? unscaled(b, all[1]) : b).isCloseTo(-step, within(1e-9));
        }
      }
    }
    assertThat(found).hasSize(50);
  }

  private static List<Double> ones(int count) {
    return IntStream.range(0, 4).mapToObj(i -> i < count ? 1.0 : 0.0).toList();
  }

  private static double unscaled(double value, double[] all) {
    double mean = Arrays.stream(all).average().orElseThrow();
    double variance = Arrays.stream(all).map(x -> (x - mean) * (x - mean)).average().orElseThrow();
    return value * Math.sqrt(variance) + mean;
  }

  @Test
  void aSequenceIsWholeStepsAndItsLabelsAreAsMany() throws Exception {
    Dataset<Row> sequences =
        spark
            .range(50)
            .select(
                expr("if(id = 7, array(1, 2, 3), if(id % 2 = 0, array(id, 2), array(id, 2, 3, 4)))")
                    .as("features"),
                expr("if(id = 9, array(1), if(id % 2 = 0, array(0), array(0, 1)))").as("label"));
    ModelShape shape =
        new ModelShape(
            List.of(2, ModelShape.ANY), 2, ModelShape.Output.CLASSES, true, DataType.FLOAT);

    assertThat(refused(sequences, shape).what())
        .contains("1 of 50 rows have a number of features", "3 features for time steps of 2 inputs")
        .contains("1 of 50 rows have a number of label values", "1 values for an output of 2");

    // With one label for a sequence only the features have a mask.
    ModelShape one =
        new ModelShape(
            List.of(2, ModelShape.ANY), 2, ModelShape.Output.CLASSES, false, DataType.FLOAT);
    PreparedData data =
        prepare(
            sequences
                .filter("size(features) <> 3")
                .withColumn("label", expr("size(features) div 4")),
            one);
    assertThat(data.manifest().column("features_mask")).isPresent();
    assertThat(data.manifest().column("labels_mask")).isEmpty();
  }

  // Several inputs and outputs.

  private static final ModelShape SEVERAL =
      new ModelShape(
          List.of(1),
          3,
          ModelShape.Output.CLASSES,
          false,
          DataType.DOUBLE,
          Optional.of("early"),
          Optional.of("end"),
          false,
          false,
          List.of(new ModelShape.Input("late", List.of(2), false)),
          List.of(
              new ModelShape.FurtherOutput("side", 1, ModelShape.Output.VALUES, false),
              new ModelShape.FurtherOutput("kind", 3, ModelShape.Output.CLASSES, false)));

  private static final String[] NAMED = {
    "data.features.early", "a",
    "data.features.late", "b,a",
    "data.label.end", "c",
    "data.label.side", "b",
    "data.label.kind", "c"
  };

  private Dataset<Row> several() {
    return spark
        .range(40)
        .selectExpr(
            "cast(id as double) as a", "cast(id * 2 as double) as b", "cast(id % 3 as int) as c");
  }

  @Test
  void everyInputAndOutputHasItsColumn() throws Exception {
    PreparedData data = prepare(several(), SEVERAL, NAMED);
    assertThat(data.manifest().columns().stream().map(c -> c.name()))
        .containsExactly(
            "features.early", "labels.end", "features.late", "labels.side", "labels.kind");
    for (Split split : Split.values()) {
      List<List<Double>> early = StoreContents.rows(data, split, "features.early");
      List<List<Double>> late = StoreContents.rows(data, split, "features.late");
      List<List<Double>> side = StoreContents.rows(data, split, "labels.side");
      List<List<Double>> end = StoreContents.rows(data, split, "labels.end");
      List<List<Double>> kind = StoreContents.rows(data, split, "labels.kind");
      for (int i = 0; i < early.size(); i++) {
        double id = early.get(i).get(0);
        assertThat(late.get(i)).containsExactly(2 * id, id);
        assertThat(side.get(i)).containsExactly(2 * id);
        assertThat(end.get(i)).containsExactly(id % 3);
        assertThat(kind.get(i)).containsExactly(id % 3);
      }
    }
  }

  private static final ModelShape WITH_INDICES =
      new ModelShape(
          List.of(1),
          3,
          ModelShape.Output.CLASSES,
          false,
          DataType.DOUBLE,
          Optional.of("early"),
          Optional.empty(),
          false,
          false,
          List.of(
              new ModelShape.Input("late", List.of(2), false),
              new ModelShape.Input("word", List.of(1), true)),
          List.of());

  private static final String[] WITH_WORDS = {
    "data.features.early", "a",
    "data.features.late", "b,a",
    "data.features.word", "c",
    "data.label", "c"
  };

  /** Against DL4J's own normalizer for several inputs, fitted on the training part. */
  @ParameterizedTest
  @ValueSource(strings = {"standard", "minmax"})
  void scalesEveryInputButIndices(String kind) throws Exception {
    PreparedData plain = prepare(several(), WITH_INDICES, WITH_WORDS);
    PreparedData scaled =
        prepare(several(), WITH_INDICES, with(WITH_WORDS, "data.normalize", kind));
    MultiDataNormalization reference =
        kind.equals("standard")
            ? new MultiNormalizerStandardize()
            : new MultiNormalizerMinMaxScaler();
    INDArray[] training = {
      matrix(StoreContents.rows(plain, Split.TRAINING, "features.early"), DataType.DOUBLE),
      matrix(StoreContents.rows(plain, Split.TRAINING, "features.late"), DataType.DOUBLE)
    };
    reference.fit(new MultiDataSet(training, new INDArray[] {training[0]}));

    for (Split split : Split.values()) {
      INDArray[] features = {
        matrix(StoreContents.rows(plain, split, "features.early"), DataType.DOUBLE),
        matrix(StoreContents.rows(plain, split, "features.late"), DataType.DOUBLE)
      };
      reference.preProcess(new MultiDataSet(features, new INDArray[] {features[0]}));
      assertThat(isClose(scaled, split, "features.early", features[0])).isTrue();
      assertThat(isClose(scaled, split, "features.late", features[1])).isTrue();
      assertThat(StoreContents.rows(scaled, split, "features.word"))
          .isEqualTo(StoreContents.rows(plain, split, "features.word"));
    }

    assertThat(scaled.learned().normalizer().orElseThrow())
        .isInstanceOf(MultiDataNormalization.class);
    Learned learned = Learned.fromTexts(scaled.learned().toTexts());
    PreparedData evaluated =
        JobData.of(several(), conf(WITH_WORDS)).prepareForEvaluation(WITH_INDICES, learned);
    for (String column : List.of("features.early", "features.late", "features.word")) {
      List<List<Double>> both = new ArrayList<>(StoreContents.rows(scaled, Split.TRAINING, column));
      both.addAll(StoreContents.rows(scaled, Split.VALIDATION, column));
      assertThat(StoreContents.rows(evaluated, Split.VALIDATION, column))
          .containsExactlyInAnyOrderElementsOf(both);
    }
  }

  private static boolean isClose(PreparedData data, Split split, String column, INDArray expected)
      throws Exception {
    return matrix(StoreContents.rows(data, split, column), DataType.DOUBLE)
        .equalsWithEps(expected, 1e-9);
  }

  @Test
  void whatIsWrongInAFurtherColumnIsFound() {
    assertThatThrownBy(() -> prepare(several(), SEVERAL, with(NAMED, "data.label.kind", "a")))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("37 of 40 rows have a label outside")
        .hasMessageContaining("a of kind, which takes 1 class from 0 to 2");
    assertThatThrownBy(() -> prepare(several(), SEVERAL, with(NAMED, "data.features.late", "a")))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("40 of 40 rows have a number of features");
    assertThatThrownBy(
            () ->
                prepare(several().selectExpr("a", "if(a = 3, null, b) as b", "c"), SEVERAL, NAMED))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("1 of 40 rows hold a value that is missing");
  }

  @Test
  void everyNameMustBeOneOfTheNetwork() {
    assertThatThrownBy(() -> prepare(several(), SEVERAL, with(NAMED, "data.features.lte", "a")))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("nearest is late");
    assertThatThrownBy(
            () -> prepare(several(), SEVERAL, Arrays.copyOfRange(NAMED, 2, NAMED.length)))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("early")
        .hasMessageContaining("data.features.early");
    assertThatThrownBy(() -> prepare(table, classes(3), with(COLUMNS, "data.label.x", "a")))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("only one output");
  }

  // Normalizers.

  @ParameterizedTest
  @CsvSource({"standard,FLOAT", "standard,DOUBLE", "minmax,FLOAT", "minmax,DOUBLE"})
  void scalesAsDl4jDoes(String kind, DataType type) throws Exception {
    ModelShape shape = new ModelShape(List.of(3), 3, ModelShape.Output.CLASSES, false, type);
    PreparedData plain = prepare(table, shape, COLUMNS);
    PreparedData scaled = prepare(table, shape, with(COLUMNS, "data.normalize", kind));

    INDArray training = matrix(StoreContents.rows(plain, Split.TRAINING, "features"), type);
    DataNormalization reference =
        kind.equals("standard") ? new NormalizerStandardize() : new NormalizerMinMaxScaler();
    reference.fit(new DataSet(training.castTo(DataType.DOUBLE), null));
    DataNormalization fitted = (DataNormalization) scaled.learned().normalizer().orElseThrow();
    double[] expected = statistics(reference);
    double[] actual = statistics(fitted);
    for (int i = 0; i < expected.length; i++) {
      double tolerance = Math.abs(expected[i]) * (type == DataType.FLOAT ? 1e-6 : 1e-9) + 1e-9;
      assertThat(actual[i]).isCloseTo(expected[i], within(tolerance));
    }

    for (Split split : Split.values()) {
      INDArray features = matrix(StoreContents.rows(plain, split, "features"), type);
      fitted.transform(features);
      assertThat(matrix(StoreContents.rows(scaled, split, "features"), type))
          .as("the store holds what DL4J's own normalizer makes")
          .isEqualTo(features);
    }
  }

  @Test
  void scalesByChannel() {
    Dataset<Row> images =
        spark
            .range(200)
            .select(
                expr("transform(sequence(1, 8), i -> (id % 17) * i)").as("features"),
                lit(0).as("label"));
    ModelShape shape =
        new ModelShape(List.of(2, 2, 2), 1, ModelShape.Output.CLASSES, false, DataType.FLOAT);

    PreparedData data =
        prepare(images, shape, "data.normalize", "minmax", "data.validationShare", "0");

    NormalizerMinMaxScaler scaler =
        (NormalizerMinMaxScaler) data.learned().normalizer().orElseThrow();
    assertThat(scaler.getMax().toDoubleVector()).containsExactly(64, 128);
    assertThat(data.manifest().column("features").orElseThrow().rowShape())
        .containsExactly(2, 2, 2);
  }

  @Test
  void saysHowManyNumbersAnInputHas() {
    Dataset<Row> images =
        spark.range(3).select(expr("sequence(1, 8)").as("pixels"), lit(0).as("y"));
    JobData data =
        JobData.of(
            images,
            conf("data.features.image", "pixels", "data.label", "y", "data.imageSize", "2,4"));

    assertThat(data.numbers("image")).hasValue(8);
    assertThat(data.imageSize("image")).containsExactly(2, 4);
    assertThat(JobData.of(table, conf(COLUMNS)).numbers("input")).hasValue(3);
  }

  // Evaluation.

  @Test
  void readsOtherDataAsThatOfTraining() throws Exception {
    Dataset<Row> named = table.withColumn("y", expr("concat('class ', y)"));
    Learned learned =
        prepare(named, CLASSES, with(COLUMNS, "data.normalize", "standard")).learned();
    Dataset<Row> other = named.filter("y <> 'class 0'").limit(100);

    PreparedData data = JobData.of(other, conf(COLUMNS)).prepareForEvaluation(CLASSES, learned);

    assertThat(data.counts()).isEqualTo(new PreparedData.Counts(100, 0, 0, 100));
    assertThat(data.learned()).isEqualTo(learned);
    List<List<Double>> features = new ArrayList<>();
    List<Double> labels = new ArrayList<>();
    for (Row row : other.collectAsList()) {
      features.add(List.of(row.getDouble(0), row.getDouble(1), (double) row.getFloat(2)));
      labels.add((double) learned.labelNames().indexOf(row.getString(3)));
    }
    INDArray expected = matrix(features, DataType.FLOAT);
    ((DataNormalization) learned.normalizer().orElseThrow()).transform(expected);
    List<List<Double>> rows = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      List<Double> row = new ArrayList<>();
      for (double value : expected.getRow(i).toDoubleVector()) {
        row.add(value);
      }
      row.add(labels.get(i));
      rows.add(row);
    }
    assertThat(StoreContents.examples(data, Split.VALIDATION))
        .containsExactlyInAnyOrderElementsOf(rows);

    Dataset<Row> unknown = other.withColumn("y", lit("class 9"));
    StagecoachException error =
        catchThrowableOfType(
            StagecoachException.class,
            () -> JobData.of(unknown, conf(COLUMNS)).prepareForEvaluation(CLASSES, learned));
    assertThat(error.what())
        .contains("100 of 100 rows have a label that the network was not trained with, for example")
        .contains("y='class 9'");
  }

  // Errors.

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "a; CASE WHEN id = 7 THEN double('NaN') ELSE a END; 1 of 600 rows hold a value that is"
            + " missing or not finite, for example a=NaN in the row (a=NaN, b=",
        "b; CASE WHEN id % 6 = 0 THEN NULL ELSE b END; 100 of 600 rows hold a value that is missing"
            + " or not finite, for example b=null in the row (a=",
        "b; CASE WHEN id = 7 THEN 1e39 ELSE b END; 1 of 600 rows hold a value that is missing or"
            + " not finite, for example b=Infinity",
        "y; CASE WHEN id = 7 THEN NULL ELSE y END; 1 of 600 rows hold a value that is missing or"
            + " not finite, for example y=null",
        "y; CASE WHEN id = 7 THEN 3 ELSE y END; 1 of 600 rows have a label outside of the network's"
            + " classes, for example y=3, allowed is 0 to 2, in the row (a=",
        "y; CASE WHEN id = 7 THEN -1 ELSE y END; y=-1, allowed is 0 to 2",
        "y; y + 0.5; 600 of 600 rows have a label that is not a whole number, as classes are",
        "y; array(y, 0); 600 of 600 rows have a number of label values that the network's output"
            + " does not have, for example 2 values for an output of 3",
        "y; cast(id % 5 as string); the column y has more classes than the 3 of the network's"
            + " output, among them 0, 1, 2, 3",
        "y; struct(y); the column y is of type struct<y:int>, for instance '{",
        "c; concat('x', c); the column c is of type string, for instance 'x2.5'",
      })
  void namesColumnValueAndRow(String column, String values, String what) {
    Dataset<Row> broken =
        table
            .coalesce(1)
            .withColumn("id", expr("monotonically_increasing_id()"))
            .withColumn(column, expr(values));

    StagecoachException error = refused(broken, CLASSES, COLUMNS);

    assertThat(error.what()).contains(what);
  }

  @Test
  void reportsEveryFindingAtOnce() {
    Dataset<Row> broken =
        table
            .coalesce(1)
            .withColumn("id", expr("monotonically_increasing_id()"))
            .withColumn("a", expr("if(id = 3, null, a)"))
            .withColumn("y", expr("if(id = 4, 8, y)"));

    assertThat(refused(broken, CLASSES, COLUMNS).what())
        .contains("a=null", "; 1 of 600 rows have a label outside", "y=8");
  }

  @Test
  void dropsAndCountsRowsThatMissSomething() throws Exception {
    Dataset<Row> holes =
        table
            .coalesce(1)
            .withColumn("id", expr("monotonically_increasing_id()"))
            .withColumn("a", expr("CASE WHEN id < 20 THEN double('NaN') ELSE a END"))
            .withColumn("y", expr("if(id between 10 and 29, null, y)"))
            .cache();

    PreparedData data = prepare(holes, CLASSES, with(COLUMNS, "data.missing", "drop"));

    assertThat(data.counts().read()).isEqualTo(600);
    assertThat(data.counts().dropped()).isEqualTo(30);
    List<List<Double>> stored = StoreContents.examples(data, Split.TRAINING);
    stored.addAll(StoreContents.examples(data, Split.VALIDATION));
    assertThat(stored)
        .containsExactlyInAnyOrderElementsOf(
            floats(holes.filter("id >= 30").select("a", "b", "c", "y")));
    Dataset<Row> nothing = table.withColumn("a", expr("double('NaN')"));
    assertThat(refused(nothing, CLASSES, with(COLUMNS, "data.missing", "drop")).what())
        .contains("nothing is left of 600 rows");
  }

  @Test
  void refusesFeaturesThatAreNotTheInputs() {
    assertThat(refused(table, CLASSES, "data.features", "a,b", "data.label", "y").what())
        .contains(
            "600 of 600 rows have a number of features that is not the number of the"
                + " network's inputs, for example 2 features for 3 inputs [3]");
    assertThat(refused(table, CLASSES, "data.features", "a,b,cc", "data.label", "y"))
        .hasMessageContaining("there is no column cc in the data, which has a, b, c, y")
        .hasMessageContaining("the nearest is c");
    assertThat(refused(table, CLASSES, "data.features", "a,b,c"))
        .hasMessageContaining("there is no column label");
    Dataset<Row> texts = table.withColumn("y", lit("x"));
    ModelShape values =
        new ModelShape(List.of(3), 1, ModelShape.Output.VALUES, false, DataType.FLOAT);
    assertThat(refused(texts, values, COLUMNS).what())
        .contains("y names classes, but the network's output is values");
  }

  @Test
  void refusesTooFewRows() {
    assertThat(refused(table.limit(0), CLASSES, COLUMNS).what()).contains("has no rows");
    assertThat(
            refused(table.limit(3), CLASSES, with(COLUMNS, "data.validationShare", "0.0001"))
                .what())
        .contains("data.validationShare=1.0E-4 leaves none of 3 examples for validation");
    assertThat(
            refused(table.limit(3), CLASSES, with(COLUMNS, "data.validationShare", "0.9999"))
                .what())
        .contains("leaves none of 3 examples for training");
  }

  @Test
  void refusesWhatIsNotThere() throws Exception {
    assertThat(refusedToOpen("data.path", folder.resolve("none.parquet").toString()).what())
        .contains("there is nothing at file:", "none.parquet");
    Path notParquet = Files.writeString(folder.resolve("not.parquet"), "not parquet");
    assertThat(refusedToOpen("data.path", notParquet.toString()).what())
        .contains("not.parquet cannot be read as parquet");
    StagecoachException noFormat =
        catchThrowableOfType(
            StagecoachException.class,
            () ->
                JobData.open(
                    spark, conf("data.path", notParquet.toString(), "data.format", "parkay")));
    assertThat(noFormat.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(noFormat.what()).contains("data.format is 'parkay'");
    StagecoachException nothing =
        catchThrowableOfType(StagecoachException.class, () -> JobData.open(spark, conf()));
    assertThat(nothing.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(nothing.remedy()).contains("spark.stagecoach.data.path");
    ModelShape wide =
        new ModelShape(List.of(100), 1, ModelShape.Output.VALUES, false, DataType.DOUBLE);
    StagecoachException large =
        catchThrowableOfType(
            StagecoachException.class,
            () -> prepare(table, wide, with(COLUMNS, "batchStore.chunkRows", "16777216")));
    assertThat(large.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(large.what()).contains("chunkRows is 16777216, which makes chunks of 12928m");
  }

  @Test
  void saysInTheUiWhatItsJobsAreFor() throws Exception {
    ConcurrentLinkedQueue<String> descriptions = new ConcurrentLinkedQueue<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart job) {
            descriptions.add(String.valueOf(job.properties().get("spark.job.description")));
          }
        };
    spark.sparkContext().addSparkListener(listener);
    spark.sparkContext().setJobDescription("before");
    try {
      prepare(table, CLASSES, COLUMNS);
      assertThat(spark.sparkContext().getLocalProperty("spark.job.description"))
          .isEqualTo("before");
      spark.sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      spark.sparkContext().setJobDescription(null);
      spark.sparkContext().removeSparkListener(listener);
    }
    assertThat(descriptions)
        .contains(
            "Stagecoach: check the rows of the given table",
            "Stagecoach: write the batch store of the given table")
        .allMatch(description -> description.startsWith("Stagecoach: "));
  }

  private PreparedData prepare(Dataset<Row> rows, ModelShape shape, String... settings) {
    return JobData.of(rows, conf(settings)).prepare(shape);
  }

  private StagecoachException refused(Dataset<Row> rows, ModelShape shape, String... settings) {
    return checked(
        catchThrowableOfType(StagecoachException.class, () -> prepare(rows, shape, settings)));
  }

  private StagecoachException refusedToOpen(String... settings) {
    return checked(
        catchThrowableOfType(StagecoachException.class, () -> JobData.open(spark, conf(settings))));
  }

  private static StagecoachException checked(StagecoachException error) {
    assertThat(error).isNotNull();
    assertThat(error.kind()).isEqualTo(ErrorKind.DATA);
    return error;
  }

  private StagecoachConf conf(String... settings) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stagecoach.batchStore.chunkRows", "100")
            .set(
                "spark.stagecoach.batchStore.path", folder.resolve("store-" + stores++).toString());
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    return StagecoachConf.from(conf);
  }

  private static String[] with(String[] settings, String... more) {
    List<String> all = new ArrayList<>(List.of(settings));
    Collections.addAll(all, more);
    return all.toArray(new String[0]);
  }

  private static ModelShape classes(int classes) {
    return classes(classes, 3);
  }

  private static ModelShape classes(int classes, int features) {
    return new ModelShape(
        List.of(features), classes, ModelShape.Output.CLASSES, false, DataType.FLOAT);
  }

  /** The rows of the table as the store has them: in float. */
  private static List<List<Double>> floats(Dataset<Row> rows) {
    return rows.collectAsList().stream()
        .map(
            row ->
                List.of(
                    (double) (float) row.getDouble(0),
                    (double) (float) row.getDouble(1),
                    (double) row.getFloat(2),
                    (double) row.getInt(3)))
        .toList();
  }

  private static List<List<Double>> sorted(List<List<Double>> rows) {
    List<List<Double>> sorted = new ArrayList<>(rows);
    sorted.sort((x, y) -> Double.compare(x.get(0), y.get(0)));
    return sorted;
  }

  private static double[] statistics(DataNormalization normalizer) {
    INDArray[] parts =
        normalizer instanceof NormalizerStandardize standard
            ? new INDArray[] {standard.getMean(), standard.getStd()}
            : new INDArray[] {
              ((NormalizerMinMaxScaler) normalizer).getMin(),
              ((NormalizerMinMaxScaler) normalizer).getMax()
            };
    return Nd4j.concat(1, parts[0].castTo(DataType.DOUBLE), parts[1].castTo(DataType.DOUBLE))
        .toDoubleVector();
  }

  private static INDArray matrix(List<List<Double>> rows, DataType type) {
    double[][] values =
        rows.stream()
            .map(row -> row.stream().mapToDouble(Double::doubleValue).toArray())
            .toArray(double[][]::new);
    return Nd4j.create(values).castTo(type);
  }
}
