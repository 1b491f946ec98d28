package io.stagecoach.spark.ml;

import io.stagecoach.spark.score.OutputColumns;
import java.util.List;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.MLReader;

/** What {@link StagecoachClassifier} has trained. */
public final class StagecoachClassificationModel
    extends StagecoachModel<StagecoachClassificationModel> {

  private static final long serialVersionUID = 1L;

  private final Param<String> probabilityCol;
  private final Param<String> rawPredictionCol;

  StagecoachClassificationModel(String uid) {
    super(uid);
    this.probabilityCol = new Param<>(this, "probabilityCol", ColumnDocs.PROBABILITY);
    this.rawPredictionCol = new Param<>(this, "rawPredictionCol", ColumnDocs.RAW_PREDICTION);
    setDefault(probabilityCol, "probability");
    setDefault(rawPredictionCol, "rawPrediction");
  }

  /** Reads what was saved. */
  public static MLReader<StagecoachClassificationModel> read() {
    return new ModelFolder.Reader<>(
        StagecoachClassificationModel.class, StagecoachClassificationModel::new);
  }

  /** Reads what was saved at a path. */
  public static StagecoachClassificationModel load(String path) {
    return read().load(path);
  }

  @Override
  StagecoachClassificationModel another(String uidOfIt) {
    return new StagecoachClassificationModel(uidOfIt);
  }

  @Override
  StagecoachClassificationModel self() {
    return this;
  }

  @Override
  OutputColumns columns() {
    return new ClassColumns(
        getOrDefault(predictionCol()),
        getOrDefault(probabilityCol),
        getOrDefault(rawPredictionCol),
        labels());
  }

  /** How many classes there are. */
  public int numClasses() {
    return network().form().shape().outputs();
  }

  /** The classes' names in the order of their indices; empty where they are numbers. */
  public List<String> labels() {
    return network().form().learned().labelNames();
  }

  /** See {@link #probabilityCol}. */
  public StagecoachClassificationModel setProbabilityCol(String value) {
    set(probabilityCol, value);
    return this;
  }

  /** See {@link #rawPredictionCol}. */
  public StagecoachClassificationModel setRawPredictionCol(String value) {
    set(rawPredictionCol, value);
    return this;
  }

  /** The column with the classes' probabilities. */
  public Param<String> probabilityCol() {
    return probabilityCol;
  }

  /** The column with the logarithms of the probabilities. */
  public Param<String> rawPredictionCol() {
    return rawPredictionCol;
  }
}
