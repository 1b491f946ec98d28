package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Where the rows go that `score` makes: whole, or not at all. */
sealed interface ScoreOutput permits ScoredFiles, ScoredTable {

  /**
   * What the settings name.
   *
   * @throws StagecoachException of kind CONFIGURATION where they name nothing, OUTPUT where
   *     something is there that may not be replaced
   */
  static ScoreOutput open(SparkSession spark, StagecoachConf conf) {
    if (conf.scoreTable().isPresent()) {
      return ScoredTable.open(spark, conf.scoreTable().get(), conf);
    }
    for (Setting<?> ofTable : List.of(Settings.SCORE_TABLE_FORMAT, Settings.SCORE_REPLACE)) {
      if (!conf.get(ofTable).equals(ofTable.defaultValue())) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            ofTable.key() + " is set, but not " + Settings.SCORE_TABLE.key(),
            "Set that, too, or remove it.");
      }
    }
    String path =
        conf.outputPath()
            .orElseThrow(
                () ->
                    new StagecoachException(
                        ErrorKind.CONFIGURATION,
                        "No output path is named",
                        "Set "
                            + Settings.OUTPUT_PATH.key()
                            + " or "
                            + Settings.SCORE_TABLE.key()
                            + "."));
    return ScoredFiles.at(path, conf, spark.sessionState().newHadoopConf());
  }

  /** What a user calls it. */
  String place();

  /**
   * Refuses rows that may not go there, before anything is predicted.
   *
   * @param kept the rows with the columns that stand before the predictions
   */
  void check(Dataset<Row> kept);

  /**
   * Writes the rows.
   *
   * @param partitions the columns by whose values a table that is not there is laid out
   */
  void write(Dataset<Row> rows, List<String> partitions);

  /** Runs what writes; the error that a task has thrown is the one to be seen. */
  static void writing(Callable<?> writer) {
    try {
      writer.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      // Spark, being Scala, throws checked exceptions that nothing declares.
      throw typed(e);
    }
  }

  private static StagecoachException typed(Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof StagecoachException known) {
        return known;
      }
    }
    return MemoryShortage.typed("the scoring of rows", Where.nowhere(), failure)
        .orElseGet(
            () ->
                new StagecoachException(
                    ErrorKind.OUTPUT,
                    "The table could not be written: "
                        + String.valueOf(failure.getMessage()).lines().findFirst().orElse(""),
                    Where.nowhere(),
                    "The executors' logs say more.",
                    failure));
  }
}
