package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.stagecoach.spark.config.Settings;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The snapshots of an Iceberg table, by its own metadata tables. */
final class IcebergSnapshots implements VersionedTable {

  static final String FORMAT = "iceberg";

  private static final String MAIN = "main";
  private static final String REFS = "refs";
  private static final String SNAPSHOTS = "snapshots";
  private static final String HISTORY = "history";
  private static final String ID = "snapshot_id";
  private static final String SINCE = "made_current_at";

  private final TableAddress table;

  IcebergSnapshots(TableAddress table) {
    this.table = table;
  }

  @Override
  public DataSnapshot newest() {
    return first(REFS, col("name").equalTo(MAIN), col(ID))
        .orElseThrow(() -> DataErrors.data(table.name() + " has no rows", "Write to it first."));
  }

  @Override
  public DataSnapshot version(String text) {
    boolean id = text.chars().allMatch(Character::isDigit) && text.length() < 20;
    return (id
            ? first(SNAPSHOTS, col(ID).cast("string").equalTo(text), col(ID))
            : first(REFS, col("name").equalTo(text), col(ID)))
        .orElseThrow(
            () ->
                table.missing(
                    id ? "snapshot " + text : "tag or branch " + text,
                    "",
                    Settings.DATA_VERSION.key()));
  }

  @Override
  public DataSnapshot asOf(Instant time) {
    return first(HISTORY, col(SINCE).leq(lit(Timestamp.from(time))), col(SINCE).desc())
        .orElseThrow(() -> table.missing("snapshot as of " + time, "", Settings.DATA_AS_OF.key()));
  }

  private Optional<DataSnapshot> first(String metadata, Column which, Column order) {
    return table.looking(
        () -> {
          List<Row> found =
              metadata(metadata).filter(which).orderBy(order).select(col(ID)).takeAsList(1);
          return found.stream()
              .map(
                  row ->
                      new DataSnapshot(
                          table.name(),
                          DataSnapshot.Kind.ICEBERG,
                          String.valueOf(row.getLong(0)),
                          // Iceberg draws ids at random: no other table has the same.
                          Optional.empty()))
              .findFirst();
        });
  }

  private Dataset<Row> metadata(String metadata) {
    return table.path()
        ? table.spark().read().format(FORMAT).load(table.name() + "#" + metadata)
        : table.spark().table(table.sql() + "." + metadata);
  }

  @Override
  public Dataset<Row> rows(DataSnapshot snapshot) {
    return table.rows(snapshot, FORMAT, "snapshot-id");
  }
}
