package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Settings;
import java.util.Optional;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.ParsedStatement;

/** The rows of a query. */
record QueryLocation(SparkSession spark, String query) implements SourceLocation {

  @Override
  public String name() {
    return "the query";
  }

  @Override
  public boolean isText() {
    return false;
  }

  @Override
  public Optional<VersionedTable> versions() {
    return Optional.empty();
  }

  @Override
  public Dataset<Row> rows() {
    try {
      // Spark would run a command at once, and it has no rows to train on.
      if (spark.sessionState().sqlParser().parsePlan(query).exists(QueryLocation::changes)) {
        throw wrong("it is a command, not a query", null);
      }
      return spark.sql(query);
    } catch (AnalysisException e) {
      throw wrong(e.getMessage().lines().findFirst().orElse(""), e);
    }
  }

  private static boolean changes(LogicalPlan plan) {
    return plan instanceof Command || plan instanceof ParsedStatement;
  }

  private static StagecoachException wrong(String why, Exception cause) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        Settings.DATA_QUERY.key() + " cannot be run: " + why,
        Where.nowhere(),
        "Correct it.",
        cause);
  }
}
