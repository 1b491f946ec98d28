package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Files, or a table without a catalog.
 *
 * @param name the path
 * @param format what is there, in lower case
 * @param options the reader's options
 */
record PathLocation(SparkSession spark, String name, String format, Map<String, String> options)
    implements SourceLocation {

  private static final String TEXT = "text";
  private static final String PARQUET = "parquet";

  private static final Map<String, String> FORMAT_OF_ENDING =
      Map.of(
          "parquet", PARQUET, "orc", "orc", "csv", "csv", "json", "json", "jsonl", "json", "txt",
          TEXT, "text", TEXT);

  static PathLocation find(SparkSession spark, StagecoachConf conf, String path) {
    requireExists(spark, path);
    String format =
        conf.dataFormat()
            .orElseGet(() -> isDelta(spark, path) ? DeltaVersions.FORMAT : formatOf(path))
            .toLowerCase(Locale.ROOT);
    Map<String, String> options = new TreeMap<>();
    if ("csv".equals(format)) {
      options.put("header", "true");
      options.put("inferSchema", "true");
    }
    options.putAll(conf.dataOptions());
    return new PathLocation(spark, path, format, options);
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

  /** Its Parquet files alone would be read with the rows that were deleted. */
  private static boolean isDelta(SparkSession spark, String path) {
    return DataErrors.whileDoing(
        "the data at " + path + " cannot be read",
        () -> {
          Path place = new Path(path);
          FileSystem files = place.getFileSystem(spark.sparkContext().hadoopConfiguration());
          // HDFS refuses to look below a file.
          return files.exists(place)
              && files.getFileStatus(place).isDirectory()
              && files.exists(new Path(place, "_delta_log"));
        });
  }

  private static String formatOf(String path) {
    String name = path.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|zst)$", "");
    int dot = name.lastIndexOf('.');
    return FORMAT_OF_ENDING.getOrDefault(dot < 0 ? "" : name.substring(dot + 1), PARQUET);
  }

  @Override
  public boolean isText() {
    return TEXT.equals(format);
  }

  @Override
  public Optional<VersionedTable> versions() {
    return switch (format) {
      case DeltaVersions.FORMAT -> Optional.of(new DeltaVersions(address()));
      case IcebergSnapshots.FORMAT -> Optional.of(new IcebergSnapshots(address()));
      default -> Optional.empty();
    };
  }

  private TableAddress address() {
    return TableAddress.ofPath(spark, name, place(), format, options);
  }

  /** As SQL takes it: Delta's would look for a relative path among the catalog's tables. */
  private String place() {
    if (!DeltaVersions.FORMAT.equals(format)) {
      return name;
    }
    return DataErrors.whileDoing(
        "the data at " + name + " cannot be read",
        () -> {
          Path path = new Path(name);
          return path.getFileSystem(spark.sparkContext().hadoopConfiguration())
              .makeQualified(path)
              .toString();
        });
  }

  @Override
  public Dataset<Row> rows() {
    try {
      return DataErrors.whileDoing(
          "the data at " + name + " cannot be read as " + format,
          () -> spark.read().format(format).options(options).load(name));
    } catch (StagecoachException error) {
      if (noSuchFormat(error)) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            Settings.DATA_FORMAT.key()
                + " is '"
                + format
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
