package io.stagecoach.it;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Parquet files, by a Spark in the tests' own process. There can be one of these at a time: tests
 * that run side by side would have each other's, and end it.
 */
final class LocalTables {

  private LocalTables() {}

  /** The rows of a table. */
  static List<Row> rows(Path table) {
    return inSpark(spark -> spark.read().parquet(table.toString()).collectAsList());
  }

  /** Writes a table of a single column. */
  static void write(Path table, String column, List<String> rows) {
    inSpark(
        spark -> {
          spark
              .createDataset(rows, Encoders.STRING())
              .toDF(column)
              .write()
              .parquet(table.toString());
          return table;
        });
  }

  private static synchronized <T> T inSpark(Function<SparkSession, T> work) {
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.catalogImplementation", "in-memory")
            .config("spark.log.level", "WARN")
            .getOrCreate()) {
      return work.apply(spark);
    }
  }
}
