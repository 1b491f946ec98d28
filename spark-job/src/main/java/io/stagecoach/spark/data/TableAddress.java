package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalog.Table;

/**
 * Where a table that keeps its past is, as its format's own reader and SQL take it.
 *
 * @param name what a user calls it
 * @param sql the table in SQL
 * @param path whether the name is a path, and not a table's in a catalog
 * @param options the options of the reader of a path
 */
record TableAddress(
    SparkSession spark, String name, String sql, boolean path, Map<String, String> options) {

  /** Options that would choose a snapshot behind the back of the settings. */
  private static final List<String> CHOOSING =
      List.of(
          "versionasof",
          "timestampasof",
          "snapshot-id",
          "as-of-timestamp",
          "branch",
          "tag",
          "start-snapshot-id",
          "end-snapshot-id");

  /**
   * @param path as a user has written it
   * @param place the same as SQL takes it
   * @param format the path's format
   * @throws StagecoachException CONFIGURATION where an option chooses a snapshot
   */
  static TableAddress ofPath(
      SparkSession spark, String path, String place, String format, Map<String, String> options) {
    for (String option : options.keySet()) {
      if (CHOOSING.contains(option.toLowerCase(Locale.ROOT))) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            Settings.DATA_OPTIONS.key() + option + " chooses a snapshot behind the run's back",
            "Set "
                + Settings.DATA_VERSION.key()
                + " or "
                + Settings.DATA_AS_OF.key()
                + ", which the run records.");
      }
    }
    return new TableAddress(spark, path, format + "." + quoted(place), true, options);
  }

  /** A table as the session's catalogs know it. */
  static TableAddress ofTable(SparkSession spark, String name, Table table) {
    List<String> parts = new ArrayList<>();
    parts.add(table.catalog());
    parts.addAll(Arrays.asList(table.namespace()));
    parts.add(table.name());
    return new TableAddress(
        spark,
        name,
        parts.stream().map(TableAddress::quoted).collect(Collectors.joining(".")),
        false,
        Map.of());
  }

  private static String quoted(String part) {
    return "`" + part.replace("`", "``") + "`";
  }

  /**
   * The rows of a snapshot.
   *
   * @param format the format of a path
   * @param option by which its reader is told a snapshot
   */
  Dataset<Row> rows(DataSnapshot snapshot, String format, String option) {
    return DataErrors.whileDoing(
        snapshot + " cannot be read",
        () ->
            path
                ? spark
                    .read()
                    .format(format)
                    .options(options)
                    .option(option, snapshot.id())
                    .load(name)
                : spark.sql("SELECT * FROM " + sql + " VERSION AS OF '" + snapshot.id() + "'"));
  }

  /** Looks at the table's past. */
  <T> T looking(Callable<T> at) {
    return JobDescription.during(
        spark.sparkContext(),
        "Stagecoach: look at the snapshots of " + name,
        () -> DataErrors.whileDoing("the snapshots of " + name + " cannot be listed", at));
  }

  /** That what a user asked for is not there. */
  StagecoachException missing(String what, String thereIs, String key) {
    return DataErrors.data(name + " has no " + what + thereIs, "Correct " + key + ".");
  }
}
