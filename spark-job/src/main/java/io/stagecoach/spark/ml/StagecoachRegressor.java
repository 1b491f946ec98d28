package io.stagecoach.spark.ml;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.score.OutputColumns;
import io.stagecoach.spark.score.ScoringModel;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;

/** Trains a network that estimates a number: one with a single output that is no class. */
public final class StagecoachRegressor
    extends StagecoachEstimator<StagecoachRegressor, StagecoachRegressionModel> {

  private static final long serialVersionUID = 1L;

  /** An estimator with a uid of its own. */
  public StagecoachRegressor() {
    this(Identifiable$.MODULE$.randomUID("stagecoachRegressor"));
  }

  /** An estimator with this uid. */
  public StagecoachRegressor(String uid) {
    super(uid);
  }

  /** Reads what was saved. */
  public static MLReader<StagecoachRegressor> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads what was saved at a path. */
  public static StagecoachRegressor load(String path) {
    return read().load(path);
  }

  @Override
  StagecoachRegressor self() {
    return this;
  }

  @Override
  void require(ModelShape shape) {
    if (shape.output() != ModelShape.Output.VALUES
        || shape.outputs() != 1
        || shape.perTimeStep()
        || !shape.furtherOutputs().isEmpty()) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The network's output is not one number for an example",
          "Use a network with one output of size 1 that does not end with a softmax, or"
              + " StagecoachClassifier; for others, train and score.");
    }
  }

  @Override
  void requireLabel(StructType schema, StagecoachConf conf) {
    for (String column : conf.dataLabel()) {
      if (!(schema.apply(column).dataType() instanceof NumericType)) {
        throw new StagecoachException(
            ErrorKind.DATA,
            "the label "
                + column
                + " is of type "
                + schema.apply(column).dataType().simpleString()
                + ", and a regressor learns numbers",
            "Name another column in labelCol, or convert this one.");
      }
    }
  }

  @Override
  OutputColumns columns() {
    return new ValueColumn(getOrDefault(predictionCol()));
  }

  @Override
  StagecoachRegressionModel model(ScoringModel trained) {
    return new StagecoachRegressionModel(uid()).with(trained);
  }
}
