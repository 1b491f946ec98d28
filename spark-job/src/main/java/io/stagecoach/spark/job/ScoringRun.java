package io.stagecoach.spark.job;

import static org.apache.spark.sql.functions.col;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.DataSnapshot;
import io.stagecoach.spark.data.OpenedSource;
import io.stagecoach.spark.score.PlainColumns;
import io.stagecoach.spark.score.Scoring;
import io.stagecoach.spark.score.ScoringModel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;

/**
 * Scores the table that the settings name. What can be refused is refused before anything is
 * computed: output, model, data, columns.
 */
final class ScoringRun {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final Configuration hadoop;

  ScoringRun(SparkSession spark, StagecoachConf conf) {
    this.spark = spark;
    this.conf = conf;
    this.hadoop = spark.sessionState().newHadoopConf();
  }

  /**
   * What became of it.
   *
   * @param place where the table is
   * @param snapshot what of the source was read, where the source itself can say it
   * @param scored how many rows it has
   * @param dropped how many rows of the data are not in it, because something is missing
   * @param unknownCategories how many of its rows have a category that the model does not know
   */
  record Result(
      String place,
      Optional<DataSnapshot> snapshot,
      long scored,
      long dropped,
      long unknownCategories) {

    Map<String, Double> figures() {
      return Map.of(
          "rows",
          (double) scored,
          "rows_dropped",
          (double) dropped,
          "rows_with_unknown_category",
          (double) unknownCategories);
    }
  }

  /**
   * @param from the model
   * @param output where the table goes
   */
  Result run(String from, ScoreOutput output) {
    ScoringModel model = ScoringModels.open(from, conf, hadoop);
    OpenedSource source = OpenedSource.open(spark, conf);
    Dataset<Row> table = source.rows();
    List<String> kept =
        conf.scoreKeep().equals(Settings.SCORE_KEEP.defaultValue())
            ? List.of(table.columns())
            : conf.scoreKeep();
    Scoring scoring =
        Scoring.of(
            model,
            table.schema(),
            ScoringModels.features(model, table.schema(), conf),
            PlainColumns.of(model),
            kept);
    List<String> folders = conf.scorePartitionBy().orElse(List.of());
    requireKept(folders, kept);
    output.check(table.select(kept.stream().map(ScoringRun::quoted).toArray(Column[]::new)));
    SparkContext context = spark.sparkContext();
    LongAccumulator scored = context.longAccumulator("rows scored");
    LongAccumulator dropped = context.longAccumulator("rows dropped");
    LongAccumulator unknown = context.longAccumulator("rows with an unknown category");
    Dataset<Row> result =
        scoring.score(table, conf.scoreBatchSize(), new Scoring.Counts(scored, dropped, unknown));
    context.setJobDescription("Stagecoach: score the rows of " + source.name());
    output.write(result, folders);
    return new Result(
        output.place(), source.snapshot(), scored.value(), dropped.value(), unknown.value());
  }

  private static Column quoted(String column) {
    return col("`" + column.replace("`", "``") + "`");
  }

  private static void requireKept(List<String> folders, List<String> kept) {
    for (String folder : folders) {
      if (!kept.contains(folder)) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            Settings.SCORE_PARTITION_BY.key() + " names " + folder + ", which is not kept",
            "Correct it, or add the column to " + Settings.SCORE_KEEP.key() + ".");
      }
    }
  }
}
