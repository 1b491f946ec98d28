package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.Optional;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The rows of a source, those left by the filter.
 *
 * @param name what a user calls the source
 * @param rows the rows; of a snapshot, these whatever is written meanwhile
 * @param snapshot what is read, where the source itself can say it
 */
public record OpenedSource(String name, Dataset<Row> rows, Optional<DataSnapshot> snapshot) {

  /**
   * The rows that the settings name.
   *
   * @throws StagecoachException CONFIGURATION or DATA where there are none such; also where they
   *     are lines of text
   */
  public static OpenedSource open(SparkSession spark, StagecoachConf conf) {
    SourceLocation location = SourceLocation.find(spark, conf);
    if (location.isText()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          location.name() + " is text, not rows",
          "Name a table, or set " + Settings.DATA_FORMAT.key() + " to what it is.");
    }
    return location.open(conf);
  }

  /**
   * Those rows of a table for which the filter is true.
   *
   * @throws StagecoachException CONFIGURATION where it is no condition on the table's columns, or
   *     says something else each time
   */
  static OpenedSource filtered(
      String name, Dataset<Row> all, Optional<DataSnapshot> snapshot, StagecoachConf conf) {
    return new OpenedSource(
        name, conf.dataFilter().map(condition -> where(all, condition)).orElse(all), snapshot);
  }

  private static Dataset<Row> where(Dataset<Row> all, String condition) {
    Dataset<Row> some;
    try {
      some = all.where(condition);
    } catch (Exception e) {
      if (e instanceof AnalysisException) {
        throw wrong(condition, ": " + e.getMessage().lines().findFirst().orElse(""), e);
      }
      throw e;
    }
    if (!some.queryExecution().analyzed().deterministic()) {
      throw wrong(condition, ", which does not choose the same rows each time", null);
    }
    return some;
  }

  private static StagecoachException wrong(String condition, String why, Exception cause) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        Settings.DATA_FILTER.key() + " is '" + condition + "'" + why,
        Where.nowhere(),
        "Correct it.",
        cause);
  }
}
