package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.Slice.Split;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.spark.config.CategoryEncoding;
import io.stagecoach.spark.config.StagecoachConf;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;

/** Columns of categories. */
@TestInstance(Lifecycle.PER_CLASS)
class TableCategoriesTest {

  private static final List<String> COLORS = List.of("blue", "green", "red");
  private static final List<Long> SIZES = List.of(2L, 10L);
  private static final int ROWS = 240;

  @TempDir Path folder;
  private SparkSession spark;
  private Dataset<Row> table;
  private int stores;

  @BeforeAll
  void start() {
    spark = LocalSpark.session();
    table =
        spark
            .range(0, ROWS, 1, 3)
            .selectExpr(
                "CAST(id AS DOUBLE) a",
                "element_at(array('red', 'blue', 'green'), CAST(id % 3 + 1 AS INT)) color",
                "IF(id % 2 = 0, 10L, 2L) size",
                "CAST(id % 2 AS INT) y",
                "CAST(id AS INT) id");
  }

  private static ModelShape shape(int inputs) {
    return new ModelShape(List.of(inputs), 2, ModelShape.Output.CLASSES, false, DataType.FLOAT);
  }

  private StagecoachConf conf(String... settings) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stagecoach.data.features", "color,a,size")
            .set("spark.stagecoach.data.label", "y")
            .set("spark.stagecoach.data.categorical", "size,color")
            .set("spark.stagecoach.batchStore.chunkRows", "100")
            .set(
                "spark.stagecoach.batchStore.path", folder.resolve("store-" + stores++).toString());
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    return StagecoachConf.from(conf);
  }

  private PreparedData prepare(Dataset<Row> rows, int inputs, String... settings) {
    return JobData.of(rows, conf(settings)).prepare(shape(inputs));
  }

  private StagecoachException refused(Dataset<Row> rows, int inputs, String... settings) {
    StagecoachException error =
        catchThrowableOfType(StagecoachException.class, () -> prepare(rows, inputs, settings));
    assertThat(error).isNotNull();
    return error;
  }

  private static String color(int row) {
    return List.of("red", "blue", "green").get(row % 3);
  }

  private static long size(int row) {
    return row % 2 == 0 ? 10 : 2;
  }

  @Test
  void aCategoryIsAOneAmongZerosInTheColumnsPlace() throws Exception {
    PreparedData data = prepare(table, 6);

    for (Split split : Split.values()) {
      for (List<Double> row : StoreContents.rows(data, split, "features")) {
        int number = row.get(3).intValue();
        for (int c = 0; c < 3; c++) {
          assertThat(row.get(c)).isEqualTo(COLORS.get(c).equals(color(number)) ? 1 : 0);
        }
        for (int s = 0; s < 2; s++) {
          assertThat(row.get(4 + s)).isEqualTo(SIZES.get(s) == size(number) ? 1 : 0);
        }
      }
    }
    assertThat(data.counts().unknownCategories()).isZero();
    assertThat(data.learned().inputs())
        .containsExactly(
            new InputColumns(
                "",
                List.of("color", "a", "size"),
                6,
                List.of(
                    new CategoricalColumn(0, CategoryEncoding.ONE_HOT, COLORS),
                    // By size, not as texts.
                    new CategoricalColumn(2, CategoryEncoding.ONE_HOT, List.of("2", "10")))));
    assertThat(Learned.fromTexts(data.learned().toTexts())).isEqualTo(data.learned());
  }

  @Test
  void anIndexIsOneNumber() throws Exception {
    PreparedData data = prepare(table, 3, "data.categorical.encoding", "index");

    for (List<Double> row : StoreContents.rows(data, Split.TRAINING, "features")) {
      int number = row.get(1).intValue();
      assertThat(row.get(0)).isEqualTo(COLORS.indexOf(color(number)));
      assertThat(row.get(2)).isEqualTo(SIZES.indexOf(size(number)));
    }
  }

  @Test
  void oneColumnOfIndicesIsAnInputForAnEmbedding() throws Exception {
    PreparedData data =
        prepare(
            table,
            1,
            "data.features",
            "color",
            "data.categorical",
            "color",
            "data.categorical.encoding",
            "index",
            // Rows that are the same are of one part.
            "data.validationShare",
            "0");
    assertThat(
            StoreContents.rows(data, Split.TRAINING, "features").stream()
                .flatMap(List::stream)
                .collect(Collectors.toSet()))
        .isEqualTo(Set.of(0.0, 1.0, 2.0));
  }

  @Test
  void severalInputsHaveCategoriesOfTheirOwn() throws Exception {
    ModelShape wide =
        new ModelShape(
            List.of(3),
            2,
            ModelShape.Output.CLASSES,
            false,
            DataType.FLOAT,
            Optional.of("colors"),
            Optional.empty(),
            false,
            false,
            List.of(new ModelShape.Input("rest", List.of(3), false)),
            List.of());
    SparkConf settings =
        new SparkConf(false)
            .set("spark.stagecoach.data.features.colors", "color")
            .set("spark.stagecoach.data.features.rest", "size,a")
            .set("spark.stagecoach.data.label", "y")
            .set("spark.stagecoach.data.categorical", "color,size")
            .set("spark.stagecoach.batchStore.path", folder.resolve("several").toString());
    PreparedData data = JobData.of(table, StagecoachConf.from(settings)).prepare(wide);

    List<List<Double>> colors = StoreContents.rows(data, Split.TRAINING, "features.colors");
    List<List<Double>> rest = StoreContents.rows(data, Split.TRAINING, "features.rest");
    for (int i = 0; i < colors.size(); i++) {
      int number = rest.get(i).get(2).intValue();
      assertThat(colors.get(i).get(COLORS.indexOf(color(number)))).isEqualTo(1);
      assertThat(rest.get(i).get(SIZES.indexOf(size(number)))).isEqualTo(1);
    }
    assertThat(data.learned().inputs()).extracting(InputColumns::numbers).containsExactly(3, 3);
  }

  @Test
  void anInputOfVectorsStandsBesideOneOfCategories() throws Exception {
    ModelShape shape =
        new ModelShape(
            List.of(2),
            2,
            ModelShape.Output.CLASSES,
            false,
            DataType.FLOAT,
            Optional.of("numbers"),
            Optional.empty(),
            false,
            false,
            List.of(new ModelShape.Input("colors", List.of(3), false)),
            List.of());
    SparkConf settings =
        new SparkConf(false)
            .set("spark.stagecoach.data.features.numbers", "vector")
            .set("spark.stagecoach.data.features.colors", "color")
            .set("spark.stagecoach.data.label", "y")
            .set("spark.stagecoach.data.categorical", "color")
            .set("spark.stagecoach.data.normalize", "standard")
            .set("spark.stagecoach.batchStore.path", folder.resolve("vectors").toString());
    Dataset<Row> vectors = table.withColumn("vector", expr("array(a, a + 1000)"));
    PreparedData data = JobData.of(vectors, StagecoachConf.from(settings)).prepare(shape);

    for (List<Double> row : StoreContents.rows(data, Split.TRAINING, "features.numbers")) {
      assertThat(row).hasSize(2).allMatch(value -> Math.abs(value) < 2);
      assertThat(row.get(0)).isCloseTo(row.get(1), within(1e-3));
    }
    for (List<Double> row : StoreContents.rows(data, Split.TRAINING, "features.colors")) {
      assertThat(row).containsExactlyInAnyOrder(1.0, 0.0, 0.0);
    }
  }

  @Test
  void scalingLeavesCategoriesAsTheyAre() throws Exception {
    PreparedData data = prepare(table, 6, "data.normalize", "standard");

    NormalizerStandardize normalizer =
        (NormalizerStandardize) data.learned().normalizer().orElseThrow();
    for (int i : new int[] {0, 1, 2, 4, 5}) {
      assertThat(normalizer.getMean().getDouble(i)).isZero();
      assertThat(normalizer.getStd().getDouble(i)).isEqualTo(1);
    }
    assertThat(normalizer.getMean().getDouble(3)).isBetween(100.0, 140.0);
    for (List<Double> row : StoreContents.rows(data, Split.TRAINING, "features")) {
      assertThat(row.subList(0, 3)).containsExactlyInAnyOrder(1.0, 0.0, 0.0);
      assertThat(row.subList(4, 6)).containsExactlyInAnyOrder(1.0, 0.0);
    }
  }

  @Test
  void whatOnlyTheValidationRowsHaveIsNoCategory() throws Exception {
    PreparedData plain = prepare(table, 6);
    double number = StoreContents.rows(plain, Split.VALIDATION, "features").get(0).get(3);
    // The split depends on what a row is: with another color it may be another. So try some.
    for (int i = 0; i < 100; i++) {
      Dataset<Row> rare =
          table.withColumn("color", expr("IF(id = " + (int) number + ", 'rare " + i + "', color)"));
      int inputs = ((DataShape.Table) JobData.of(rare, conf()).shape()).features();
      PreparedData data = prepare(rare, inputs);
      if (inputs == 6) {
        assertThat(data.counts().unknownCategories()).isEqualTo(1);
        List<Double> row =
            StoreContents.rows(data, Split.VALIDATION, "features").stream()
                .filter(features -> features.get(3) == number)
                .findFirst()
                .orElseThrow();
        assertThat(row.subList(0, 3)).containsExactly(0.0, 0.0, 0.0);
        return;
      }
      assertThat(inputs).isEqualTo(7);
      assertThat(data.counts().unknownCategories()).isZero();
    }
    throw new AssertionError("no row of a hundred was for validation");
  }

  @Test
  void otherDataIsReadByTheCategoriesOfTraining() throws Exception {
    Learned learned = prepare(table, 6).learned();
    Dataset<Row> other =
        table.filter("id < 20").withColumn("color", expr("IF(id < 5, 'pink', color)"));

    StagecoachException error =
        catchThrowableOfType(
            StagecoachException.class,
            () -> JobData.of(other, conf()).prepareForEvaluation(shape(6), learned));
    assertThat(error.kind()).isEqualTo(ErrorKind.DATA);
    assertThat(error.what())
        .contains("5 of 20 rows have a category that the network was not trained with")
        .contains("color='pink' in the row (color=pink, a=");

    PreparedData data =
        JobData.of(other, conf("data.categorical.unknown", "other"))
            .prepareForEvaluation(shape(6), learned);
    assertThat(data.counts().unknownCategories()).isEqualTo(5);
    assertThat(data.learned().inputs()).isEqualTo(learned.inputs());
    for (List<Double> row : StoreContents.rows(data, Split.VALIDATION, "features")) {
      double known = row.get(0) + row.get(1) + row.get(2);
      assertThat(known).isEqualTo(row.get(3) < 5 ? 0 : 1);
    }

    StagecoachException others =
        catchThrowableOfType(
            StagecoachException.class,
            () ->
                JobData.of(
                        table.drop("color").withColumn("color", expr("a")),
                        conf("data.categorical", "size"))
                    .prepareForEvaluation(shape(6), learned));
    assertThat(others.what())
        .contains("the model was trained with categories in the columns color, size");
  }

  @Test
  void anUnknownIndexIsTheOneBehindTheLast() throws Exception {
    Learned learned = prepare(table, 3, "data.categorical.encoding", "index").learned();
    PreparedData data =
        JobData.of(
                table.filter("id < 20").withColumn("color", expr("'pink'")),
                conf("data.categorical.unknown", "other"))
            .prepare(shape(3), Optional.of(learned));
    assertThat(StoreContents.rows(data, Split.TRAINING, "features"))
        .allMatch(row -> row.get(0) == 3);
  }

  @Test
  void aPresetIsAsWideAsItsData() {
    assertThat(JobData.of(table, conf()).shape()).isEqualTo(new DataShape.Table(6, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "color; IF(id = 7, NULL, color); 1 of 240 rows hold a value that is missing or not finite,"
            + " for example color=null in the row (color=null, a=7",
        "color; CAST(NULL AS STRING); the column color has no category in any row to train on",
        "size; CAST(size AS DOUBLE); the column size is of type double, but"
            + " spark.stagecoach.data.categorical takes texts, whole numbers and truth values",
      })
  void columnsThatCannotBeAreNamed(String column, String values, String what) {
    StagecoachException error = refused(table.withColumn(column, expr(values)), 6);
    assertThat(error.kind()).isEqualTo(ErrorKind.DATA);
    assertThat(error.what()).contains(what);
  }

  @Test
  void aNetworkOfAnotherWidthIsNamed() {
    assertThat(refused(table, 5).what())
        .contains(
            "the columns color (3 categories), a, size (2 categories) are 6 numbers, and the"
                + " network's input takes [5]");
    StagecoachException noFeature = refused(table, 6, "data.categorical", "size,color,y");
    assertThat(noFeature.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(noFeature.what()).contains("names y, which is none of the features");
  }
}
