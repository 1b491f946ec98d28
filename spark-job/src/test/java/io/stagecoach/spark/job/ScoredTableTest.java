package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.InputColumns;
import io.stagecoach.spark.data.Learned;
import io.stagecoach.spark.data.LocalSpark;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Predictions as tables of Delta and Iceberg, each run in the place of its own. */
@TestInstance(Lifecycle.PER_CLASS)
class ScoredTableTest {

  private static final String DELTA = "spark_catalog.default.stagecoach_scores";
  private static final String ICEBERG = "scores.db.days";
  private static final int ROWS = 60;

  @TempDir static Path folder;
  private SparkSession spark;
  private SparkSession before;

  @BeforeAll
  void start() {
    spark = LocalSpark.session().newSession();
    spark
        .conf()
        .set("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog");
    spark.conf().set("spark.sql.catalog.scores", "org.apache.iceberg.spark.SparkCatalog");
    spark.conf().set("spark.sql.catalog.scores.type", "hadoop");
    spark.conf().set("spark.sql.catalog.scores.warehouse", folder.resolve("lake").toString());
    spark.conf().set("spark.databricks.delta.snapshotPartitions", "1");
    spark.conf().set("spark.sql.codegen.wholeStage", "false");
    spark.conf().set("spark.sql.codegen.factoryMode", "NO_CODEGEN");
    spark.conf().set("spark.sql.adaptive.enabled", "false");
    before = SparkSession.active();
    SparkSession.setActiveSession(spark);
    spark.sql(
        "CREATE TABLE "
            + DELTA
            + " (id bigint, day string, prediction int, probability array<double>) USING delta"
            + " PARTITIONED BY (day) LOCATION '"
            + folder.resolve("delta")
            + "'");
    String json =
        ModelPresets.named("mlp")
            .configuration(new DataShape.Table(1, 2), Map.of("hidden", "3"))
            .toJson();
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      Learned learned =
          new Learned(
              List.of(),
              Optional.empty(),
              Optional.empty(),
              List.of(new InputColumns("", List.of("a"), 1)));
      new SavedModel(model, learned, Optional.empty()).write(folder.resolve("model.zip"));
    }
  }

  @AfterAll
  void stop() {
    spark.sql("DROP TABLE IF EXISTS " + DELTA);
    SparkSession.setActiveSession(before);
  }

  private StagecoachConf conf(String table, String... settings) {
    SparkConf conf =
        new SparkConf(false)
            .set(
                "spark.stagecoach.data.query",
                "SELECT id, CAST(id % 3 AS STRING) day, sin(id) a FROM range(0, "
                    + ROWS
                    + ", 1, 2)")
            .set("spark.stagecoach.score.keep", "id,day")
            .set("spark.stagecoach.score.partitionBy", "day")
            // As in settings that train has, too.
            .set("spark.stagecoach.output.path", folder.resolve("unused").toString())
            .set("spark.stagecoach.score.table", table);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    return StagecoachConf.from(conf);
  }

  private ScoringRun.Result score(String table, String... settings) {
    StagecoachConf conf = conf(table, settings);
    return new ScoringRun(spark, conf).run(folder.toString(), ScoreOutput.open(spark, conf));
  }

  private StagecoachException refused(String table, String... settings) {
    StagecoachException error =
        catchThrowableOfType(StagecoachException.class, () -> score(table, settings));
    assertThat(error).isNotNull();
    return error;
  }

  private ScoringRun.Result scoreDay(String table, int day) {
    String condition = "day = '" + day + "'";
    return score(table, "data.filter", condition, "score.replace", condition);
  }

  private List<Row> rows(String table) {
    return spark.table(table).orderBy("id").collectAsList();
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void aRunReplacesItsOwnRowsAndNoOthers(String table) {
    ScoringRun.Result first = scoreDay(table, 0);
    assertThat(first.scored()).isEqualTo(ROWS / 3);
    assertThat(first.place()).isEqualTo(table);
    assertThat(rows(table)).hasSize(ROWS / 3);
    scoreDay(table, 1);
    List<Row> both = rows(table);
    assertThat(both).hasSize(2 * ROWS / 3);

    scoreDay(table, 0);
    scoreDay(table, 1);

    assertThat(rows(table)).isEqualTo(both);
    assertThat(both.get(0).schema().fieldNames())
        .containsExactly("id", "day", "prediction", "probability");

    StagecoachException there = refused(table);
    assertThat(there.kind()).isEqualTo(ErrorKind.OUTPUT);
    assertThat(there.what()).isEqualTo("The table " + table + " exists");
    StagecoachException others = refused(table, "score.replace", "day = '0'");
    assertThat(others.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(others.what()).contains("day = '0', is not true: run again, they would be");
    assertThat(rows(table)).isEqualTo(both);

    score(table, "output.overwrite", "true");
    assertThat(rows(table)).hasSize(ROWS);
    assertThat(folder.resolve("unused")).doesNotExist();
  }

  @Test
  void whatCannotBeIsSaidBeforeAnythingIsComputed() {
    assertThat(refused("nowhere.db.t").kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refused("scores.db.new", "score.replace", "week = 3").what())
        .contains("spark.stagecoach.score.replace is 'week = 3'");
    StagecoachConf noTable =
        StagecoachConf.from(new SparkConf(false).set("spark.stagecoach.score.replace", "day = 1"));
    StagecoachException alone =
        catchThrowableOfType(StagecoachException.class, () -> ScoreOutput.open(spark, noTable));
    assertThat(alone.what()).contains("score.replace is set, but not spark.stagecoach.score.table");
  }
}
