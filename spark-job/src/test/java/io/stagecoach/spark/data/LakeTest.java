package io.stagecoach.spark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.batch.Slice.Split;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Tables that keep their past, filters and queries. */
@TestInstance(Lifecycle.PER_CLASS)
class LakeTest {

  private static final ModelShape SHAPE =
      new ModelShape(List.of(2), 3, ModelShape.Output.CLASSES, false, DataType.DOUBLE);

  /** Rows are of so many ids each time, from where the last ones ended. */
  private static final int ROWS = 40;

  /** A table of a format, and how the settings name it. */
  enum Kind {
    DELTA_TABLE("spark_catalog.default.delta_events", "delta", "data.table"),
    DELTA_PATH("spark_catalog.default.delta_files", "delta", "data.path"),
    ICEBERG_TABLE("lake.db.events", "iceberg", "data.table"),
    ICEBERG_PATH("lake.db.files", "iceberg", "data.path");

    private final String table;
    private final String format;
    private final String setting;

    Kind(String table, String format, String setting) {
      this.table = table;
      this.format = format;
      this.setting = setting;
    }
  }

  @TempDir static Path folder;
  private SparkSession spark;
  private SparkSession before;
  private int stores;

  @BeforeAll
  void start() {
    spark = LocalSpark.session().newSession();
    spark
        .conf()
        .set("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog");
    spark.conf().set("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog");
    spark.conf().set("spark.sql.catalog.lake.type", "hadoop");
    spark.conf().set("spark.sql.catalog.lake.warehouse", folder.resolve("lake").toString());
    spark.conf().set("spark.sql.catalog.default_iceberg", "org.apache.iceberg.spark.SparkCatalog");
    spark.conf().set("spark.sql.catalog.default_iceberg.type", "hadoop");
    spark.conf().set("spark.sql.catalog.default_iceberg.warehouse", folder.toString());
    // Delta reads its log in 50 tasks unless it is told that the table is small; and compiling its
    // queries takes longer than running them.
    spark.conf().set("spark.databricks.delta.snapshotPartitions", "1");
    spark.conf().set("spark.sql.codegen.wholeStage", "false");
    spark.conf().set("spark.sql.codegen.factoryMode", "NO_CODEGEN");
    spark.conf().set("spark.sql.adaptive.enabled", "false");
    // Iceberg looks up the catalog of paths in the session that is active.
    before = SparkSession.active();
    SparkSession.setActiveSession(spark);
    for (Kind kind : Kind.values()) {
      String location =
          kind.format.equals("delta")
              ? " LOCATION '" + folder.resolve(kind.name().toLowerCase(Locale.ROOT)) + "'"
              : "";
      spark.sql(
          "CREATE TABLE "
              + kind.table
              + " (id bigint, a double, b double, y int, unused string) USING "
              + kind.format
              + location);
    }
  }

  @AfterAll
  void stop() {
    SparkSession.setActiveSession(before);
  }

  /** Rows whose a is their id. */
  private Dataset<Row> rows(int first) {
    return spark
        .range(first, first + ROWS)
        .selectExpr(
            "id", "cast(id as double) a", "id * 0.5D b", "cast(id % 3 as int) y", "'x' unused");
  }

  private void append(Kind kind, int first) throws Exception {
    rows(first).coalesce(1).writeTo(kind.table).append();
  }

  private String location(Kind kind) {
    return switch (kind) {
      case DELTA_PATH -> folder.resolve(kind.name().toLowerCase(Locale.ROOT)).toString();
      case ICEBERG_PATH -> folder.resolve("lake/db/files").toString();
      default -> kind.table;
    };
  }

  /** The id of the newest snapshot, as the format's own tables say it. */
  private String newest(Kind kind) {
    Dataset<Row> ids =
        kind.format.equals("delta")
            ? spark.sql("DESCRIBE HISTORY " + kind.table).selectExpr("version id", "timestamp at")
            : spark
                .table(kind.table + ".snapshots")
                .selectExpr("snapshot_id id", "committed_at at");
    return String.valueOf(ids.orderBy(ids.col("at").desc()).head().getLong(0));
  }

  @ParameterizedTest
  @EnumSource
  void readsTheSnapshotThatIsNamedWhateverIsWrittenMeanwhile(Kind kind) throws Exception {
    append(kind, 0);
    String first = newest(kind);
    Thread.sleep(20);
    Instant between = Instant.now();
    Thread.sleep(20);
    append(kind, ROWS);
    String second = newest(kind);
    String[] named = {kind.setting, location(kind), "data.format", kind.format};

    JobData newest = JobData.open(spark, conf(named));
    append(kind, 2 * ROWS);

    PreparedData atStart = newest.prepare(SHAPE);
    assertThat(atStart.snapshot().id()).isEqualTo(second);
    assertThat(ids(atStart)).isEqualTo(range(2 * ROWS));
    PreparedData old = prepare(with(named, "data.version", first));
    assertThat(old.snapshot().id()).isEqualTo(first);
    assertThat(old.snapshot().source()).isEqualTo(location(kind));
    assertThat(old.snapshot().kind().word()).isEqualTo(kind.format);
    assertThat(ids(old)).isEqualTo(range(ROWS));
    PreparedData then = prepare(with(named, "data.asOf", between.toString()));
    assertThat(then.snapshot()).isEqualTo(old.snapshot());
    assertThat(ids(then)).isEqualTo(range(ROWS));
    assertThat(ids(prepare(named))).isEqualTo(range(3 * ROWS));
    if (kind == Kind.DELTA_PATH) {
      assertThat(prepare("data.path", location(kind)).snapshot().kind())
          .as("by its log")
          .isEqualTo(DataSnapshot.Kind.DELTA);
    }

    assertThat(refused(with(named, "data.version", "987654321")).getMessage())
        .contains(location(kind), "987654321", "data.version");
    assertThat(refused(with(named, "data.asOf", "2001-01-01")).getMessage())
        .contains(location(kind), "as of 2001-01-01", "data.asOf");
  }

  @ParameterizedTest
  @EnumSource(names = {"DELTA_TABLE", "ICEBERG_TABLE"})
  void findsTheStoreOfTheSameSnapshotAndNoOther(Kind kind) throws Exception {
    String table = kind.table + "_reused";
    spark.sql(
        "CREATE TABLE " + table + " USING " + kind.format + place(kind, "one") + " AS " + some(9));
    String[] settings = {
      "data.table", table, "batchStore.path", folder.resolve("reused" + kind).toString()
    };

    PreparedData first = prepare(settings);
    PreparedData again = prepare(settings);
    PreparedData filtered = prepare(with(settings, "data.filter", "a < 5"));
    spark.sql("DELETE FROM " + table + " WHERE id = 4");
    PreparedData fewer = prepare(settings);
    spark.sql("DROP TABLE " + table);
    spark.sql(
        "CREATE TABLE " + table + " USING " + kind.format + place(kind, "two") + " AS " + some(7));
    PreparedData other = prepare(settings);

    assertThat(first.reused()).isFalse();
    assertThat(again.reused()).isTrue();
    assertThat(again.snapshot()).isEqualTo(first.snapshot());
    assertThat(ids(filtered)).isEqualTo(range(5));
    assertThat(ids(fewer)).containsExactly(0L, 1L, 2L, 3L, 5L, 6L, 7L, 8L);
    assertThat(ids(other)).as("another table of the name").isEqualTo(range(7));
  }

  private String place(Kind kind, String name) {
    return kind.format.equals("delta") ? " LOCATION '" + folder.resolve(name) + "'" : "";
  }

  private static String some(int rows) {
    return "SELECT id, cast(id as double) a, 1.5D b, 1 y FROM range(" + rows + ")";
  }

  @Test
  void takesATagAsAVersion() throws Exception {
    spark.sql("CREATE TABLE lake.db.tagged USING iceberg AS " + some(6));
    spark.sql("ALTER TABLE lake.db.tagged CREATE TAG accepted");
    spark.sql("INSERT INTO lake.db.tagged " + some(2));

    PreparedData data = prepare("data.table", "lake.db.tagged", "data.version", "accepted");

    assertThat(ids(data)).isEqualTo(range(6));
    assertThat(refused("data.table", "lake.db.tagged", "data.version", "rejected").getMessage())
        .contains("lake.db.tagged has no tag or branch rejected");
  }

  @Test
  void readsQueries() throws Exception {
    spark.sql("CREATE TABLE lake.db.left USING iceberg AS " + some(12));
    spark.sql(
        "CREATE TABLE default.right USING delta LOCATION '"
            + folder.resolve("right")
            + "' AS SELECT id, id * 2D AS b FROM range(8)");
    String[] joined = {
      "data.query",
      "SELECT a, r.b, y FROM lake.db.left l JOIN default.right VERSION AS OF 0 r USING (id)",
      "data.filter",
      "a > 2"
    };
    spark.sql("INSERT INTO default.right SELECT id, 0D FROM range(8, 12)");

    PreparedData data = prepare(joined);

    assertThat(ids(data)).containsExactly(3L, 4L, 5L, 6L, 7L);
    assertThat(data.snapshot().kind()).isEqualTo(DataSnapshot.Kind.ROWS);
    assertThat(refused("data.query", "SELECT nothing FROM lake.db.left").kind())
        .isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refused("data.query", "SELEKT 1").getMessage()).contains("data.query cannot be run");
    for (String command :
        List.of("DROP TABLE lake.db.left", "INSERT INTO lake.db.left SELECT * FROM lake.db.left")) {
      assertThat(refused("data.query", command).getMessage()).contains("it is a command");
    }
    assertThat(spark.table("lake.db.left").count()).isEqualTo(12);
  }

  @Test
  void refusesSnapshotsOfWhatHasNone() {
    String path = folder.resolve("plain.parquet").toString();
    rows(0).write().parquet(path);
    rows(0).createOrReplaceTempView("passing");

    for (String[] named : List.of(of("data.path", path), of("data.table", "passing"))) {
      StagecoachException version = refused(with(named, "data.version", "0"));
      assertThat(version.kind()).isEqualTo(ErrorKind.CONFIGURATION);
      assertThat(version.getMessage())
          .contains("data.version is set, but", named[1], "keeps no snapshots");
      assertThat(refused(with(named, "data.asOf", "2026-01-01")).getMessage())
          .contains("data.asOf is set, but");
    }
    assertThat(
            refused(
                    "data.path",
                    location(Kind.DELTA_PATH),
                    "data.format",
                    "delta",
                    "data.options.versionAsOf",
                    "0")
                .getMessage())
        .contains("data.options.versionAsOf chooses a snapshot", "data.version");
  }

  @Test
  void refusesWrongFilters() {
    String path = folder.resolve("filtered.parquet").toString();
    rows(0).write().parquet(path);

    assertThat(refused("data.path", path, "data.filter", "none > 1").getMessage())
        .contains("data.filter is 'none > 1'", "none");
    assertThat(refused("data.path", path, "data.filter", "a >").kind())
        .isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refused("data.path", path, "data.filter", "rand() < 0.5").getMessage())
        .contains("does not choose the same rows each time");
  }

  /** The source reads no other columns, and leaves out what it can. */
  @ParameterizedTest
  @EnumSource(names = {"DELTA_TABLE", "ICEBERG_TABLE"})
  void pushesDownFiltersAndColumns(Kind kind) {
    String path = folder.resolve("pushed" + kind + ".parquet").toString();
    rows(0).write().parquet(path);
    Map<String, String> plans = new HashMap<>();
    for (String[] named : List.of(of("data.path", path), of("data.table", kind.table))) {
      plans.put(named[0], plan(conf(with(named, "data.filter", "id >= 10 AND b < 15"))));
    }

    assertThat(plans.get("data.path"))
        .contains("ReadSchema: struct<id:bigint,a:double,b:double,y:int>")
        .contains("GreaterThanOrEqual(id,10)", "LessThan(b,15.0)");
    if (kind == Kind.DELTA_TABLE) {
      assertThat(plans.get("data.table"))
          .contains("ReadSchema: struct<id:bigint,a:double,b:double,y:int>")
          .contains("GreaterThanOrEqual(id,10)", "LessThan(b,15.0)");
    } else {
      assertThat(plans.get("data.table"))
          .contains("id >= 10", "b < 15.0")
          .contains("[id#")
          .doesNotContain("unused");
    }
  }

  /** How Spark reads the rows that are laid out. */
  private String plan(StagecoachConf conf) {
    Dataset<Row> table = SourceLocation.find(spark, conf).open(conf).rows();
    TableForm form =
        new TableForm(
            List.of("a", "b"),
            List.of("y"),
            List.of(2),
            true,
            LabelForm.CLASS,
            List.of(),
            3,
            DataType.DOUBLE,
            "features",
            "labels",
            List.of());
    return TableRows.of(
            table,
            new TableColumns(table, List.of("a", "b"), List.of("y")),
            form,
            1,
            0.2,
            StoreRows.Buckets.ONE)
        .queryExecution()
        .executedPlan()
        .toString();
  }

  @Test
  void snapshotsAreWrittenAndReadAsText() {
    DataSnapshot snapshot =
        new DataSnapshot("a \"b\"", DataSnapshot.Kind.DELTA, "3", Optional.of("4e"));

    assertThat(DataSnapshot.fromJson(snapshot.toJson())).isEqualTo(snapshot);
    assertThat(snapshot).hasToString("Delta version 3 of a \"b\"");
    assertThat(
            catchThrowableOfType(IllegalArgumentException.class, () -> DataSnapshot.fromJson("{}")))
        .isNotNull();
  }

  private static String[] of(String... settings) {
    return settings;
  }

  private static String[] with(String[] settings, String... more) {
    List<String> all = new ArrayList<>(List.of(settings));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private StagecoachException refused(String... settings) {
    return catchThrowableOfType(
        StagecoachException.class, () -> JobData.open(spark, conf(settings)).prepare(SHAPE));
  }

  private PreparedData prepare(String... settings) {
    return JobData.open(spark, conf(settings)).prepare(SHAPE);
  }

  private StagecoachConf conf(String... settings) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.stagecoach.batchStore.path", folder.resolve("store" + stores++).toString())
            .set("spark.stagecoach.data.validationShare", "0")
            .set("spark.stagecoach.data.features", "a,b")
            .set("spark.stagecoach.data.label", "y");
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    return StagecoachConf.from(conf);
  }

  /** The first feature of every stored example, which is the row's id. */
  private static List<Long> ids(PreparedData data) throws IOException {
    return StoreContents.examples(data, Split.TRAINING).stream()
        .map(example -> example.get(0).longValue())
        .sorted()
        .toList();
  }

  private static List<Long> range(int end) {
    return LongStream.range(0, end).boxed().toList();
  }
}
