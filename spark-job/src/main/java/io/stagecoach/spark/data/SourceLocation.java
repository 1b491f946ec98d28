package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Where the settings say that the data is, found to be there.
 *
 * @param name what a user calls it: the path, or the table's name
 * @param format the format of a path; empty for a table
 * @param options the reader's options
 */
record SourceLocation(String name, Optional<String> format, Map<String, String> options) {

  private static final String TEXT = "text";
  private static final String PARQUET = "parquet";

  private static final Map<String, String> FORMAT_OF_ENDING =
      Map.of(
          "parquet", PARQUET, "orc", "orc", "csv", "csv", "json", "json", "jsonl", "json", "txt",
          TEXT, "text", TEXT);

  /**
   * Finds the data.
   *
   * @throws StagecoachException of kind CONFIGURATION where no setting says where the data is, of
   *     kind DATA where there is nothing
   */
  static SourceLocation find(SparkSession spark, StagecoachConf conf) {
    if (conf.dataTable().isPresent()) {
      return table(spark, conf.dataTable().get());
    }
    String path =
        conf.dataPath()
            .orElseThrow(
                () ->
                    new StagecoachException(
                        ErrorKind.CONFIGURATION,
                        "no data is named",
                        "Set "
                            + Settings.DATA_PATH.key()
                            + " to a file or directory, or "
                            + Settings.DATA_TABLE.key()
                            + " to a table."));
    requireExists(spark, path);
    String format = conf.dataFormat().orElseGet(() -> formatOf(path)).toLowerCase(Locale.ROOT);
    Map<String, String> options = new TreeMap<>();
    if ("csv".equals(format)) {
      options.put("header", "true");
      options.put("inferSchema", "true");
    }
    options.putAll(conf.dataOptions());
    return new SourceLocation(path, Optional.of(format), options);
  }

  private static SourceLocation table(SparkSession spark, String name) {
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
    return new SourceLocation(name, Optional.empty(), Map.of());
  }

  private static void requireExists(SparkSession spark, String path) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    DataErrors.whileDoing(
        "the data at " + path + " cannot be read",
        () -> {
          Path hadoopPath = new Path(path);
          FileStatus[] found = hadoopPath.getFileSystem(hadoop).globStatus(hadoopPath);
          if (found == null || found.length == 0) {
            throw DataErrors.data(
                "there is nothing at " + hadoopPath.getFileSystem(hadoop).makeQualified(hadoopPath),
                "Correct " + Settings.DATA_PATH.key() + ".");
          }
          return found;
        });
  }

  private static String formatOf(String path) {
    String name = path.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|zst)$", "");
    int dot = name.lastIndexOf('.');
    return FORMAT_OF_ENDING.getOrDefault(dot < 0 ? "" : name.substring(dot + 1), PARQUET);
  }

  /** Whether it is files of text, not rows. */
  boolean isText() {
    return format.filter(TEXT::equals).isPresent();
  }

  /** The rows; of files of text the lines. */
  Dataset<Row> rows(SparkSession spark) {
    if (format.isEmpty()) {
      return spark.table(name);
    }
    try {
      return DataErrors.whileDoing(
          "the data at " + name + " cannot be read as " + format.get(),
          () -> spark.read().format(format.get()).options(options).load(name));
    } catch (StagecoachException error) {
      if (noSuchFormat(error)) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            Settings.DATA_FORMAT.key()
                + " is '"
                + format.get()
                + "', which is no data source of this session; allowed is "
                + Settings.DATA_FORMAT.type().allowed(),
            error.where(),
            "Correct it, or add the source's jar with --packages.",
            error);
      }
      throw error;
    }
  }

  private static boolean noSuchFormat(StagecoachException error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof ClassNotFoundException
          || (cause instanceof AnalysisException analysis
              && String.valueOf(analysis.getErrorClass()).startsWith("DATA_SOURCE_NOT_FOUND"))) {
        return true;
      }
    }
    return false;
  }
}
