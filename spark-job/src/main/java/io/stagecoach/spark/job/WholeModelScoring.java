package io.stagecoach.spark.job;

import io.stagecoach.spark.score.PredictionForm;
import io.stagecoach.spark.score.Scoring;
import io.stagecoach.spark.score.ScoringModel;
import java.util.function.Consumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The whole model in each executor, in an ordinary Spark job.
 *
 * @param batchRows how many rows the model takes at once
 */
record WholeModelScoring(ScoringModel model, int batchRows) implements RowScoring {

  @Override
  public PredictionForm form() {
    return model.form();
  }

  @Override
  public int stages() {
    return 0;
  }

  @Override
  public void score(
      Scoring scoring, Dataset<Row> table, Scoring.Counts counts, Consumer<Dataset<Row>> writer) {
    writer.accept(scoring.score(model, table, batchRows, counts));
  }

  @Override
  public void close() {}
}
