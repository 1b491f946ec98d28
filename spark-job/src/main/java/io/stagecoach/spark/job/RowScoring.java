package io.stagecoach.spark.job;

import io.stagecoach.spark.score.PredictionForm;
import io.stagecoach.spark.score.Scoring;
import java.util.function.Consumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A model that is ready to predict for the rows of a table. */
sealed interface RowScoring extends AutoCloseable permits WholeModelScoring, PipelineScoring {

  /** What it takes and puts out. */
  PredictionForm form();

  /** On how many stages it is; 0 where it is whole in each executor. */
  int stages();

  /**
   * Predicts.
   *
   * @param scoring how the table is read, and what the rows become
   * @param counts counts the rows
   * @param writer writes the result, once
   */
  void score(
      Scoring scoring, Dataset<Row> table, Scoring.Counts counts, Consumer<Dataset<Row>> writer);

  @Override
  void close();
}
