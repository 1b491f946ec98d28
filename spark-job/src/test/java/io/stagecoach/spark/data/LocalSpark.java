package io.stagecoach.spark.data;

import org.apache.spark.sql.SparkSession;

/** A session in this process, the same for all tests. */
public final class LocalSpark {

  private LocalSpark() {}

  public static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("stagecoach-test")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.catalogImplementation", "in-memory")
        // What a user of Delta and Iceberg sets; sessions of other tests only know the SQL.
        .config(
            "spark.sql.extensions",
            "io.delta.sql.DeltaSparkSessionExtension,"
                + "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        // Most queries of the tests run once, on few rows: compiling them would take most of the
        // time.
        .config("spark.sql.codegen.wholeStage", "false")
        .getOrCreate();
  }
}
