package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.Slice.Split;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.StagecoachConf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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

/** What the rows of a table count in training. */
@TestInstance(Lifecycle.PER_CLASS)
class TableWeightsTest {

  private static final ModelShape CLASSES =
      new ModelShape(List.of(2), 3, ModelShape.Output.CLASSES, false, DataType.FLOAT);

  @TempDir Path folder;
  private SparkSession spark;
  private Dataset<Row> table;
  private int stores;

  /** Of the classes 0, 1, 2 there are 200, 50 and 50 rows; a is the row's number. */
  @BeforeAll
  void start() {
    spark = LocalSpark.session();
    table =
        spark
            .range(0, 300, 1, 3)
            .selectExpr(
                "CAST(id AS DOUBLE) a",
                "sin(id) b",
                "CAST(CASE WHEN id % 6 < 4 THEN 0 WHEN id % 6 = 4 THEN 1 ELSE 2 END AS INT) y",
                "CAST(id % 5 AS DOUBLE) w",
                "CAST(id AS INT) id");
  }

  private StagecoachConf conf(String... settings) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stagecoach.data.features", "a,b")
            .set("spark.stagecoach.data.label", "y")
            .set("spark.stagecoach.batchStore.chunkRows", "100")
            .set(
                "spark.stagecoach.batchStore.path", folder.resolve("store-" + stores++).toString());
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    return StagecoachConf.from(conf);
  }

  private PreparedData prepare(Dataset<Row> rows, String... settings) {
    return JobData.of(rows, conf(settings)).prepare(CLASSES);
  }

  /** The weight of each row by its number. */
  private static Map<Double, Double> weights(PreparedData data, Split split) throws Exception {
    List<List<Double>> features = StoreContents.rows(data, split, "features");
    List<List<Double>> weights = StoreContents.rows(data, split, "weights");
    Map<Double, Double> byRow = new TreeMap<>();
    for (int i = 0; i < features.size(); i++) {
      byRow.put(features.get(i).get(0), weights.get(i).get(0));
    }
    return byRow;
  }

  private static int label(double row) {
    int rest = (int) row % 6;
    return rest < 4 ? 0 : rest - 3;
  }

  @Test
  void aRowCountsItsOwnWeightTimesItsClasses() throws Exception {
    PreparedData data = prepare(table, "data.weightColumn", "w", "data.classWeights.2", "2.5");

    Map<Double, Double> training = weights(data, Split.TRAINING);
    assertThat(training).hasSizeGreaterThan(200);
    training.forEach(
        (row, weight) -> assertThat(weight).isEqualTo(row % 5 * (label(row) == 2 ? 2.5 : 1)));
    assertThat(weights(data, Split.VALIDATION).values()).isNotEmpty().containsOnly(1.0);
  }

  @Test
  void theSplitAndTheOrderDoNotDependOnTheWeights() throws Exception {
    PreparedData plain = prepare(table);
    PreparedData weighted = prepare(table, "data.weightColumn", "w");

    assertThat(plain.manifest().column("weights")).isEmpty();
    for (Split split : Split.values()) {
      assertThat(StoreContents.examples(weighted, split))
          .isEqualTo(StoreContents.examples(plain, split));
    }
  }

  @Test
  void balancedClassesCountTheSameAsAWhole() throws Exception {
    PreparedData data = prepare(table, "data.classWeights", "balanced");

    double[] sums = new double[3];
    Map<Double, Double> training = weights(data, Split.TRAINING);
    training.forEach((row, weight) -> sums[label(row)] += weight);
    for (double sum : sums) {
      assertThat(sum).isCloseTo(training.size() / 3.0, within(1e-3));
    }
  }

  @Test
  void classesHaveWeightsByTheirNames() throws Exception {
    Dataset<Row> named = table.withColumn("y", expr("element_at(array('x', 'y', 'z'), y + 1)"));
    PreparedData data = prepare(named, "data.classWeights.x", "0.5", "data.classWeights.z", "7");

    weights(data, Split.TRAINING)
        .forEach(
            (row, weight) -> assertThat(weight).isEqualTo(new double[] {0.5, 1, 7}[label(row)]));
  }

  @Test
  void anEvaluationNeedsNoWeights() {
    PreparedData data =
        JobData.of(table.drop("w"), conf("data.weightColumn", "w"))
            .prepareForEvaluation(
                CLASSES, new Learned(List.of(), Optional.empty(), Optional.empty()));
    assertThat(data.manifest().column("weights")).isEmpty();
  }

  @Test
  void otherWeightsAreOtherData() {
    String path = folder.resolve("shared").toString();
    List<String> fingerprints = new ArrayList<>();
    for (String weight : List.of("w", "w", "w + 1")) {
      fingerprints.add(
          prepare(
                  table.withColumn("w", expr(weight)),
                  "data.weightColumn",
                  "w",
                  "batchStore.path",
                  path)
              .manifest()
              .fingerprint());
    }
    assertThat(fingerprints.get(1)).isEqualTo(fingerprints.get(0));
    assertThat(fingerprints.get(2)).isNotEqualTo(fingerprints.get(0));
    assertThat(prepare(table, "data.classWeights.1", "2").manifest().fingerprint())
        .isNotEqualTo(prepare(table, "data.classWeights.1", "3").manifest().fingerprint());
  }

  @Test
  void rowsWithoutAWeightAreDroppedWhereMissingValuesAre() {
    PreparedData data =
        prepare(
            table.withColumn("w", expr("IF(id = 7, double('NaN'), w)")),
            "data.weightColumn",
            "w",
            "data.missing",
            "drop");
    assertThat(data.counts().dropped()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "IF(id = 7, NULL, w); 1 of 300 rows hold a value that is missing or not finite, for example"
            + " w=null in the row (a=7, b=",
        "IF(id = 7, double('NaN'), w); for example w=NaN",
        "IF(id = 7, double('Infinity'), w); for example w=Infinity",
        "IF(id = 7, -0.5D, w); 1 of 300 rows have a weight below 0, for example w=-0.5 in the row",
        "0D; the weight w is 0 in all of",
        "concat('x', id); the column w is of type string, for instance 'x",
      })
  void weightsThatAreNoneAreNamed(String values, String what) {
    StagecoachException error =
        catchThrowableOfType(
            StagecoachException.class,
            () -> prepare(table.withColumn("w", expr(values)), "data.weightColumn", "w"));
    assertThat(error.kind()).isEqualTo(ErrorKind.DATA);
    assertThat(error.what()).contains(what);
  }

  @Test
  void settingsThatDoNotFitAreNamed() {
    StagecoachException noColumn =
        catchThrowableOfType(
            StagecoachException.class, () -> prepare(table, "data.weightColumn", "ww"));
    assertThat(noColumn.what()).contains("there is no column ww");
    assertThat(noColumn.remedy()).contains("data.weightColumn; the nearest is w");

    StagecoachException noClass =
        catchThrowableOfType(
            StagecoachException.class, () -> prepare(table, "data.classWeights.3", "2"));
    assertThat(noClass.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(noClass.what()).contains("there is no class 3");

    StagecoachException values =
        catchThrowableOfType(
            StagecoachException.class,
            () ->
                prepare(
                    table.withColumn("y", expr("array(1, 0, 0)")),
                    "data.classWeights",
                    "balanced"));
    assertThat(values.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(values.what()).contains("the label y is not one class");

    StagecoachException both =
        catchThrowableOfType(
            StagecoachException.class,
            () -> conf("data.classWeights", "balanced", "data.classWeights.1", "2"));
    assertThat(both.what()).contains("are set; allowed is one of them");

    StagecoachException negative =
        catchThrowableOfType(StagecoachException.class, () -> conf("data.classWeights.1", "-2"));
    assertThat(negative.what()).contains("data.classWeights.1 is '-2'");
  }
}
