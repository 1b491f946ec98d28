package io.stagecoach.samples;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;

import java.time.LocalDate;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * Writes three days of a table for retraining, into Delta or Iceberg, with a commit for each: the
 * rows of {@link TabularRule}, and of which {@code day} they are. On the third day something is
 * broken: every label is that of another class.
 *
 * <p>Usage: {@code LakeData delta|iceberg [TABLE [ROWS]]}, by default the Delta table at {@code
 * stagecoach-output/visits} or the Iceberg table {@code lake.shop.visits}, with 10,000 rows for
 * each day. A table that is there is replaced.
 */
public final class LakeData {

  private static final long ROWS = 10_000;
  private static final long SEED = 7;
  private static final LocalDate FIRST = LocalDate.of(2026, 11, 18);
  private static final int DAYS = 3;

  private LakeData() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      throw new IllegalArgumentException("usage: LakeData delta|iceberg [TABLE [ROWS]]");
    }
    boolean delta =
        switch (arguments[0]) {
          case "delta" -> true;
          case "iceberg" -> false;
          default -> throw new IllegalArgumentException("neither delta nor iceberg");
        };
    String table =
        arguments.length > 1
            ? arguments[1]
            : delta ? "stagecoach-output/visits" : "lake.shop.visits";
    long rows = arguments.length > 2 ? Long.parseLong(arguments[2]) : ROWS;
    try (SparkSession spark = SparkSession.builder().appName("Lake data").getOrCreate()) {
      for (int day = 0; day < DAYS; day++) {
        Dataset<Row> some = day(spark, day, rows);
        if (delta) {
          some.write()
              .format("delta")
              .mode(day == 0 ? SaveMode.Overwrite : SaveMode.Append)
              .partitionBy("day")
              .save(table);
        } else if (day == 0) {
          some.writeTo(table).partitionedBy(col("day")).using("iceberg").createOrReplace();
        } else {
          some.writeTo(table).append();
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d rows for each day from %s to %s are in %s; the labels of the last day are wrong%n",
        rows,
        FIRST,
        FIRST.plusDays(DAYS - 1L),
        table);
  }

  private static Dataset<Row> day(SparkSession spark, int day, long rows) {
    boolean isBroken = day == DAYS - 1;
    Column label =
        isBroken ? expr("CAST((label + 1) % " + TabularRule.CLASSES + " AS INT)") : col("label");
    return TabularData.rows(spark, new TabularRule(SEED), day * rows, (day + 1) * rows)
        .withColumn("label", label)
        .withColumn("day", lit(FIRST.plusDays(day).toString()));
  }
}
