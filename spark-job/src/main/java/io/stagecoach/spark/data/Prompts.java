package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.MissingValues;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Reads the prompts that texts begin with. They are few enough for the driver to hold. */
public final class Prompts {

  private Prompts() {}

  /**
   * The lines of a file, in UTF-8; an empty line is an empty prompt.
   *
   * @throws StagecoachException of kind DATA where it cannot be read
   */
  public static List<String> inFile(String path, Configuration hadoop) {
    Path file = new Path(path);
    try (InputStream in = file.getFileSystem(hadoop).open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "The prompts at " + path + " cannot be read: " + e.getMessage(),
          Where.nowhere(),
          "Correct " + Settings.GENERATE_PROMPTS.key() + ".",
          e);
    }
  }

  /**
   * The texts of a column of the table that the settings name.
   *
   * @throws StagecoachException of kind DATA where they cannot be read, or one is missing and such
   *     rows are not to be left out
   */
  public static List<String> inColumn(SparkSession spark, StagecoachConf conf, String column) {
    SourceLocation location = SourceLocation.find(spark, conf);
    Dataset<Row> table = location.open(conf).rows();
    Column text = TextColumn.find(table, column, location.name(), Settings.GENERATE_COLUMN);
    List<String> all =
        JobDescription.during(
            spark.sparkContext(),
            "Reading the prompts",
            () -> new ArrayList<>(table.select(text).as(Encoders.STRING()).collectAsList()));
    int read = all.size();
    all.removeIf(Objects::isNull);
    if (all.size() < read && conf.dataMissing() == MissingValues.FAIL) {
      throw DataErrors.data(
          read - all.size() + " rows of " + location.name() + " have no prompt",
          "Mend the data, or set "
              + Settings.DATA_MISSING.key()
              + "="
              + MissingValues.DROP.word()
              + " to leave such rows out.");
    }
    return all;
  }
}
