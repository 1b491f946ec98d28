package io.stagecoach.spark.job;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriterV2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A table of a catalog. New rows take the place of those for which a condition is true, in one
 * commit, so that a run that is started again leaves what one run leaves.
 *
 * @param name the table's name
 * @param isThere whether it was there before
 * @param format as what it is made, where the catalog is not to choose
 * @param replaced which rows are replaced; empty for all
 */
record ScoredTable(String name, boolean isThere, Optional<String> format, Optional<String> replaced)
    implements ScoreOutput {

  static ScoredTable open(SparkSession spark, String name, StagecoachConf conf) {
    boolean isThere;
    try {
      isThere = spark.catalog().tableExists(name);
    } catch (Exception e) {
      // A name that cannot be parsed, or of a catalog that there is not.
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.SCORE_TABLE.key() + " is '" + name + "': " + first(e),
          Where.nowhere(),
          "Correct it, or set up its catalog.",
          e);
    }
    if (isThere && conf.scoreReplace().isEmpty() && !conf.outputOverwrite()) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "The table " + name + " exists",
          "Say in "
              + Settings.SCORE_REPLACE.key()
              + " which of its rows are replaced, or set "
              + Settings.OUTPUT_OVERWRITE.key()
              + "=true to replace all of them.");
    }
    return new ScoredTable(name, isThere, conf.scoreTableFormat(), conf.scoreReplace());
  }

  private static String first(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  @Override
  public String place() {
    return name;
  }

  @Override
  public void check(Dataset<Row> kept) {
    replaced.ifPresent(
        condition -> {
          if (!others(kept, condition).isEmpty()) {
            throw new StagecoachException(
                ErrorKind.CONFIGURATION,
                "There are rows for which "
                    + Settings.SCORE_REPLACE.key()
                    + ", "
                    + condition
                    + ", is not true: run again, they would be there twice",
                "Choose the rows by " + Settings.DATA_FILTER.key() + " in the same way.");
          }
        });
  }

  private static Dataset<Row> others(Dataset<Row> kept, String condition) {
    try {
      return kept.filter(not(coalesce(expr(condition), lit(false))));
    } catch (Exception e) {
      // Spark, being Scala, throws checked exceptions that nothing declares.
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.SCORE_REPLACE.key() + " is '" + condition + "': " + first(e),
          Where.nowhere(),
          "Correct it; it may name the columns that are kept.",
          e);
    }
  }

  @Override
  public void write(Dataset<Row> rows, List<String> partitions) {
    ScoreOutput.writing(
        () -> {
          if (isThere) {
            rows.writeTo(name)
                .overwrite(replaced.map(condition -> expr(condition)).orElse(lit(true)));
          } else {
            create(rows, partitions);
          }
          return name;
        });
  }

  private void create(Dataset<Row> rows, List<String> partitions) throws Exception {
    DataFrameWriterV2<Row> table = rows.writeTo(name);
    format.ifPresent(table::using);
    if (!partitions.isEmpty()) {
      Column[] others = partitions.stream().skip(1).map(ScoredTable::quoted).toArray(Column[]::new);
      table.partitionedBy(quoted(partitions.get(0)), others);
    }
    table.create();
  }

  private static Column quoted(String column) {
    return col("`" + column.replace("`", "``") + "`");
  }
}
