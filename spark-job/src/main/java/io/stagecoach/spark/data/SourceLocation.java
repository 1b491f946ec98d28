package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Where the settings say that the data is, found to be there. */
sealed interface SourceLocation permits PathLocation, TableLocation, QueryLocation {

  /**
   * Finds the data.
   *
   * @throws StagecoachException of kind CONFIGURATION where no setting says where the data is, of
   *     kind DATA where there is nothing
   */
  static SourceLocation find(SparkSession spark, StagecoachConf conf) {
    if (conf.dataQuery().isPresent()) {
      return new QueryLocation(spark, conf.dataQuery().get());
    }
    if (conf.dataTable().isPresent()) {
      return TableLocation.find(spark, conf.dataTable().get());
    }
    if (conf.dataPath().isPresent()) {
      return PathLocation.find(spark, conf, conf.dataPath().get());
    }
    throw new StagecoachException(
        ErrorKind.CONFIGURATION,
        "no data is named",
        "Set "
            + Settings.DATA_PATH.key()
            + " to a file or directory, "
            + Settings.DATA_TABLE.key()
            + " to a table, or "
            + Settings.DATA_QUERY.key()
            + " to a query.");
  }

  /** What a user calls it. */
  String name();

  /** Whether it is files of text, not rows. */
  boolean isText();

  /** The past, where it keeps one. */
  Optional<VersionedTable> versions();

  /** The rows; of files of text the lines. */
  Dataset<Row> rows();

  /**
   * The rows that the settings choose: of the snapshot that they name, else of the newest, which is
   * named from here on.
   *
   * @throws StagecoachException of kind CONFIGURATION where they name a snapshot of what keeps
   *     none, of kind DATA where there is no such snapshot
   */
  default OpenedSource open(StagecoachConf conf) {
    Optional<VersionedTable> versions = versions();
    if (versions.isEmpty()) {
      requireNoSnapshot(conf);
      return OpenedSource.filtered(name(), rows(), Optional.empty(), conf);
    }
    VersionedTable table = versions.get();
    DataSnapshot snapshot =
        conf.dataVersion()
            .map(table::version)
            .or(() -> conf.dataAsOf().map(table::asOf))
            .orElseGet(table::newest);
    return OpenedSource.filtered(name(), table.rows(snapshot), Optional.of(snapshot), conf);
  }

  /** That the settings name no snapshot of what keeps none. */
  private void requireNoSnapshot(StagecoachConf conf) {
    if (conf.dataVersion().isPresent() || conf.dataAsOf().isPresent()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          (conf.dataVersion().isPresent() ? Settings.DATA_VERSION : Settings.DATA_AS_OF).key()
              + " is set, but "
              + name()
              + " keeps no snapshots",
          "Remove it, or use a Delta or Iceberg table; for a path, set "
              + Settings.DATA_FORMAT.key()
              + " to delta or iceberg.");
    }
  }

  /** That the settings do not choose among the rows of what has none. */
  default void requireWhole(StagecoachConf conf) {
    requireNoSnapshot(conf);
    if (conf.dataFilter().isPresent()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.DATA_FILTER.key() + " is set, but " + name() + " is text, not rows",
          "Remove it, or set " + Settings.DATA_FORMAT.key() + " for a table.");
    }
  }
}
