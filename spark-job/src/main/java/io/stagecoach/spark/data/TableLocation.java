package io.stagecoach.spark.data;

import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalog.Table;

/** A table or view of the session's catalogs. */
record TableLocation(SparkSession spark, String name) implements SourceLocation {

  static TableLocation find(SparkSession spark, String name) {
    if (!spark.catalog().tableExists(name)) {
      List<String> tables = new ArrayList<>();
      spark.catalog().listTables().toLocalIterator().forEachRemaining(t -> tables.add(t.name()));
      throw DataErrors.data(
          "there is no table " + name,
          "Correct "
              + Settings.DATA_TABLE.key()
              + Nearest.to(name, tables).map(nearest -> "; the nearest is " + nearest).orElse("")
              + ".");
    }
    return new TableLocation(spark, name);
  }

  @Override
  public boolean isText() {
    return false;
  }

  @Override
  public Optional<VersionedTable> versions() {
    return DataErrors.whileDoing(
        "the table " + name + " cannot be looked at",
        () -> {
          Table table = spark.catalog().getTable(name);
          if (table.isTemporary() || "VIEW".equals(table.tableType())) {
            return Optional.empty();
          }
          TableAddress address = TableAddress.ofTable(spark, name, table);
          return switch (provider(address)) {
            case DeltaVersions.FORMAT -> Optional.of(new DeltaVersions(address));
            case IcebergSnapshots.FORMAT -> Optional.of(new IcebergSnapshots(address));
            default -> Optional.empty();
          };
        });
  }

  /** What the table is kept as, such as delta; the empty text where nothing says it. */
  private String provider(TableAddress address) {
    List<Row> described = spark.sql("DESCRIBE TABLE EXTENDED " + address.sql()).collectAsList();
    boolean ofTable = false;
    for (Row row : described) {
      // Above this heading are the columns, one of which may have any name.
      ofTable |= "# Detailed Table Information".equals(row.getString(0));
      if (ofTable && "Provider".equals(row.getString(0))) {
        return row.getString(1).toLowerCase(Locale.ROOT);
      }
    }
    return "";
  }

  @Override
  public Dataset<Row> rows() {
    return spark.table(name);
  }
}
