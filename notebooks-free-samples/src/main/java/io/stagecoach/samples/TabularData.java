package io.stagecoach.samples;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Writes a Parquet table for a classifier: twenty numeric columns {@code f00} to {@code f19} and a
 * {@code label} of 0 to 3, after {@link TabularRule}. The same seed writes the same rows.
 *
 * <p>Usage: {@code TabularData [PATH [ROWS [SEED]]]}, by default {@code
 * stagecoach-output/tabular-data}, 300,000 rows and seed 7. What is at the path is replaced.
 */
public final class TabularData {

  private static final String PATH = "stagecoach-output/tabular-data";
  private static final long ROWS = 300_000;
  private static final long SEED = 7;
  private static final int FILES = 8;

  private TabularData() {}

  public static void main(String[] arguments) {
    if (arguments.length > 3) {
      throw new IllegalArgumentException("usage: TabularData [PATH [ROWS [SEED]]]");
    }
    String path = arguments.length > 0 ? arguments[0] : PATH;
    long rows = arguments.length > 1 ? Long.parseLong(arguments[1]) : ROWS;
    TabularRule rule = new TabularRule(arguments.length > 2 ? Long.parseLong(arguments[2]) : SEED);

    try (SparkSession spark = SparkSession.builder().appName("Tabular data").getOrCreate()) {
      spark.sparkContext().setJobDescription("Write " + rows + " rows to " + path);
      write(spark, rule, rows, path);
    }
    System.out.printf(
        Locale.ROOT,
        "%d rows of %d features and %d classes written to %s%n"
            + "best accuracy that a model can have: %.4f expected, %.4f on these rows%n",
        rows,
        TabularRule.FEATURES,
        TabularRule.CLASSES,
        path,
        1 - TabularRule.LABEL_NOISE,
        accuracyOfRule(rule, rows));
  }

  /** Writes the table. */
  static void write(SparkSession spark, TabularRule rule, long rows, String path) {
    rows(spark, rule, rows).write().mode(SaveMode.Overwrite).parquet(path);
  }

  /** The rows of the table. */
  static Dataset<Row> rows(SparkSession spark, TabularRule rule, long rows) {
    return rows(spark, rule, 0, rows);
  }

  /** The rows of these numbers. */
  static Dataset<Row> rows(SparkSession spark, TabularRule rule, long first, long end) {
    return spark
        .range(first, end, 1, FILES)
        .map((MapFunction<Long, Row>) number -> row(rule.row(number)), Encoders.row(schema()));
  }

  /** The share of labels that are as the rule says: the best that can be had. */
  static double accuracyOfRule(TabularRule rule, long rows) {
    long right =
        LongStream.range(0, rows)
            .mapToObj(rule::row)
            .filter(row -> row.label() == row.ruled())
            .count();
    return (double) right / rows;
  }

  private static Row row(TabularRule.Row row) {
    List<Object> values = new ArrayList<>(row.features());
    values.add(row.label());
    return RowFactory.create(values.toArray());
  }

  private static StructType schema() {
    List<StructField> fields = new ArrayList<>();
    for (int i = 0; i < TabularRule.FEATURES; i++) {
      String name = String.format(Locale.ROOT, "f%02d", i);
      fields.add(DataTypes.createStructField(name, DataTypes.DoubleType, false));
    }
    fields.add(DataTypes.createStructField("label", DataTypes.IntegerType, false));
    return DataTypes.createStructType(fields);
  }
}
