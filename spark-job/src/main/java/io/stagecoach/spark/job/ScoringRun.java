package io.stagecoach.spark.job;

import static org.apache.spark.sql.functions.col;

import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.SparkSettingsCheck;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.DataSnapshot;
import io.stagecoach.spark.data.OpenedSource;
import io.stagecoach.spark.gpu.DistinctGpus;
import io.stagecoach.spark.gpu.FallbackWarning;
import io.stagecoach.spark.score.PlainColumns;
import io.stagecoach.spark.score.PredictionForm;
import io.stagecoach.spark.score.Scoring;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.nd4j.linalg.api.ndarray.INDArray;

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
   * @param stages on how many stages the model was; 0 where it was whole in each executor
   * @param snapshot what of the source was read, where the source itself can say it
   * @param scored how many rows it has
   * @param dropped how many rows of the data are not in it, because something is missing
   * @param unknownCategories how many of its rows have a category that the model does not know
   * @param devices what executors with the whole model computed on; empty where nobody asks for
   *     GPUs, and where the model was in a pipeline, which says it itself
   */
  record Result(
      String place,
      int stages,
      Optional<DataSnapshot> snapshot,
      long scored,
      long dropped,
      long unknownCategories,
      List<String> devices) {

    Result {
      devices = List.copyOf(devices);
    }

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
    try (RowScoring model = open(from)) {
      return run(model, output);
    }
  }

  private RowScoring open(String from) {
    SavedModel saved = SavedModel.read(new ModelFileAccess(hadoop), from);
    Dl4jModelUpdater updater = saved.updater();
    try {
      PredictionForm form = ScoringModels.form(from, saved, conf);
      if (isCut(updater.parameters())) {
        return new PipelineScoring(
            spark, conf, hadoop, form, new StartModel(updater, Optional.of(saved.learned())));
      }
      RowScoring whole =
          new WholeModelScoring(ScoringModels.pack(saved, form), conf.scoreBatchSize());
      updater.close();
      return whole;
    } catch (RuntimeException | Error e) {
      updater.close();
      throw e;
    }
  }

  /** Whether the model goes into a pipeline. */
  private boolean isCut(INDArray weights) {
    SparkConf settings = spark.sparkContext().getConf();
    boolean cut =
        switch (conf.scoreMode()) {
          case EXECUTOR -> false;
          case PIPELINE -> true;
          case AUTO -> !spark.sparkContext().isLocal() && isTooLarge(weights, settings);
        };
    if (cut) {
      SparkSettingsCheck.check(settings, conf.stages());
    }
    return cut;
  }

  private boolean isTooLarge(INDArray weights, SparkConf settings) {
    WholeModelRoom room =
        WholeModelRoom.of(weights.length() * weights.dataType().width(), settings);
    if (!room.isEnough()) {
      System.out.println(room.lack() + ": it is scored through the pipeline");
    }
    return !room.isEnough();
  }

  private Result run(RowScoring model, ScoreOutput output) {
    OpenedSource source = OpenedSource.open(spark, conf);
    Dataset<Row> table = source.rows();
    List<String> kept =
        conf.scoreKeep().equals(Settings.SCORE_KEEP.defaultValue())
            ? List.of(table.columns())
            : conf.scoreKeep();
    Scoring scoring =
        Scoring.of(
            model.form(),
            table.schema(),
            ScoringModels.features(model.form(), table.schema(), conf),
            PlainColumns.of(model.form()),
            kept);
    List<String> folders = conf.scorePartitionBy().orElse(List.of());
    requireKept(folders, kept);
    output.check(table.select(kept.stream().map(ScoringRun::quoted).toArray(Column[]::new)));
    SparkContext context = spark.sparkContext();
    Scoring.Counts counts =
        new Scoring.Counts(
            context.longAccumulator("rows scored"),
            context.longAccumulator("rows dropped"),
            context.longAccumulator("rows with an unknown category"),
            context.collectionAccumulator("devices"));
    context.setJobDescription("Stagecoach: score the rows of " + source.name());
    ScoreOutput.writing(
        () -> {
          model.score(scoring, table, counts, result -> output.write(result, folders));
          return output.place();
        });
    return new Result(
        output.place(),
        model.stages(),
        source.snapshot(),
        counts.scored().value(),
        counts.dropped().value(),
        counts.unknownCategories().value(),
        devices(counts.devices().value()));
  }

  private static List<String> devices(List<DistinctGpus.Holder> said) {
    List<DistinctGpus.Holder> holders = said.stream().distinct().toList();
    FallbackWarning.say(holders);
    return holders.stream()
        .map(holder -> "executor " + holder.executor() + ": " + holder.claim().words())
        .toList();
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
