package io.stagecoach.spark.ml;

import io.stagecoach.spark.score.OutputColumns;
import org.apache.spark.ml.util.MLReader;

/** What {@link StagecoachRegressor} has trained. */
public final class StagecoachRegressionModel extends StagecoachModel<StagecoachRegressionModel> {

  private static final long serialVersionUID = 1L;

  StagecoachRegressionModel(String uid) {
    super(uid);
  }

  /** Reads what was saved. */
  public static MLReader<StagecoachRegressionModel> read() {
    return new ModelFolder.Reader<>(
        StagecoachRegressionModel.class, StagecoachRegressionModel::new);
  }

  /** Reads what was saved at a path. */
  public static StagecoachRegressionModel load(String path) {
    return read().load(path);
  }

  @Override
  StagecoachRegressionModel another(String uidOfIt) {
    return new StagecoachRegressionModel(uidOfIt);
  }

  @Override
  StagecoachRegressionModel self() {
    return this;
  }

  @Override
  OutputColumns columns() {
    return new ValueColumn(getOrDefault(predictionCol()));
  }
}
