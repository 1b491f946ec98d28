package io.stagecoach.spark.ml;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.score.OutputColumns;
import io.stagecoach.spark.score.ScoringModel;
import java.util.List;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.StructType;

/** Trains a network that tells classes apart: one that ends with a softmax. */
public final class StagecoachClassifier
    extends StagecoachEstimator<StagecoachClassifier, StagecoachClassificationModel> {

  private static final long serialVersionUID = 1L;

  private final Param<String> probabilityCol;
  private final Param<String> rawPredictionCol;

  /** An estimator with a uid of its own. */
  public StagecoachClassifier() {
    this(Identifiable$.MODULE$.randomUID("stagecoachClassifier"));
  }

  /** An estimator with this uid. */
  public StagecoachClassifier(String uid) {
    super(uid);
    this.probabilityCol = new Param<>(this, "probabilityCol", ColumnDocs.PROBABILITY);
    this.rawPredictionCol = new Param<>(this, "rawPredictionCol", ColumnDocs.RAW_PREDICTION);
    setDefault(probabilityCol, "probability");
    setDefault(rawPredictionCol, "rawPrediction");
  }

  /** Reads what was saved. */
  public static MLReader<StagecoachClassifier> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads what was saved at a path. */
  public static StagecoachClassifier load(String path) {
    return read().load(path);
  }

  @Override
  StagecoachClassifier self() {
    return this;
  }

  @Override
  void require(ModelShape shape) {
    if (shape.output() != ModelShape.Output.CLASSES
        || shape.perTimeStep()
        || !shape.furtherOutputs().isEmpty()) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The network's output is not one class for an example",
          "Use a network with one output that ends with a softmax, or StagecoachRegressor; for"
              + " others, train and score.");
    }
  }

  @Override
  void requireLabel(StructType schema, StagecoachConf conf) {
    // Names, numbers and one-hot arrays can all be classes.
  }

  @Override
  OutputColumns columns() {
    return new ClassColumns(
        getOrDefault(predictionCol()),
        getOrDefault(probabilityCol),
        getOrDefault(rawPredictionCol),
        List.of());
  }

  @Override
  StagecoachClassificationModel model(ScoringModel trained) {
    return new StagecoachClassificationModel(uid()).with(trained);
  }

  /** See {@link #probabilityCol}. */
  public StagecoachClassifier setProbabilityCol(String value) {
    set(probabilityCol, value);
    return this;
  }

  /** See {@link #rawPredictionCol}. */
  public StagecoachClassifier setRawPredictionCol(String value) {
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
