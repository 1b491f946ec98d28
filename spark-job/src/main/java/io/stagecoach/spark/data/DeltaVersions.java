package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The versions of a Delta table, by Delta's own SQL. */
final class DeltaVersions implements VersionedTable {

  static final String FORMAT = "delta";

  private static final String EXTENSION = "DeltaSparkSessionExtension";
  private static final String VERSION = "version";
  private static final String TIMESTAMP = "timestamp";

  private final TableAddress table;

  DeltaVersions(TableAddress table) {
    this.table = table;
  }

  @Override
  public DataSnapshot newest() {
    return snapshot(lit(true)).orElseThrow(() -> table.missing("version", "", "the data's path"));
  }

  @Override
  public DataSnapshot version(String text) {
    return (text.chars().allMatch(Character::isDigit) && text.length() < 19
            ? snapshot(col(VERSION).equalTo(Long.parseLong(text)))
            : Optional.<DataSnapshot>empty())
        .orElseThrow(
            () -> table.missing("version " + text, thereIs(), Settings.DATA_VERSION.key()));
  }

  @Override
  public DataSnapshot asOf(Instant time) {
    return snapshot(col(TIMESTAMP).leq(lit(Timestamp.from(time))))
        .orElseThrow(
            () -> table.missing("version as of " + time, thereIs(), Settings.DATA_AS_OF.key()));
  }

  /** The newest version of those. */
  private Optional<DataSnapshot> snapshot(Column which) {
    return table.looking(
        () -> {
          Row newest = sql("DESCRIBE HISTORY ").filter(which).agg(max(VERSION)).head();
          if (newest.isNullAt(0)) {
            return Optional.empty();
          }
          String id = sql("DESCRIBE DETAIL ").select("id").head().getString(0);
          return Optional.of(
              new DataSnapshot(
                  table.name(),
                  DataSnapshot.Kind.DELTA,
                  String.valueOf(newest.getLong(0)),
                  Optional.of(id)));
        });
  }

  private String thereIs() {
    return table.looking(
        () -> {
          Row all = sql("DESCRIBE HISTORY ").agg(min(VERSION), max(VERSION), min(TIMESTAMP)).head();
          return "; there are "
              + all.getLong(0)
              + " to "
              + all.getLong(1)
              + ", the first of "
              + all.getTimestamp(2).toInstant();
        });
  }

  private Dataset<Row> sql(String describe) {
    if (!table.spark().conf().get("spark.sql.extensions", "").contains(EXTENSION)) {
      // Spark would take HISTORY for a table's name.
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          table.name() + " is a Delta table, but this session has no Delta SQL",
          "Add --packages io.delta:delta-spark_2.12:3.3.2 --conf"
              + " spark.sql.extensions=io.delta.sql."
              + EXTENSION
              + " --conf"
              + " spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog.");
    }
    return table.spark().sql(describe + table.sql());
  }

  @Override
  public Dataset<Row> rows(DataSnapshot snapshot) {
    return table.rows(snapshot, FORMAT, "versionAsOf");
  }
}
