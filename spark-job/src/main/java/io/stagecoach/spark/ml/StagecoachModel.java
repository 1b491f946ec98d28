package io.stagecoach.spark.ml;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.job.ScoringModels;
import io.stagecoach.spark.score.OutputColumns;
import io.stagecoach.spark.score.Scoring;
import io.stagecoach.spark.score.ScoringModel;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * A trained network that predicts for the rows of a table: lazily, where the rows are, with the
 * whole network in each executor.
 *
 * @param <M> the model itself
 */
public abstract class StagecoachModel<M extends StagecoachModel<M>> extends Model<M>
    implements MLWritable {

  private static final long serialVersionUID = 1L;

  private final String uid;
  private final Param<String> featuresCol;
  private final Param<String> predictionCol;
  private final StringArrayParam settings;
  private transient ScoringModel network;

  StagecoachModel(String uid) {
    this.uid = uid;
    this.featuresCol = new Param<>(this, "featuresCol", ColumnDocs.FEATURES);
    this.predictionCol = new Param<>(this, "predictionCol", ColumnDocs.PREDICTION);
    this.settings = new StringArrayParam(this, "settings", ColumnDocs.SETTINGS);
    setDefault(featuresCol, "features");
    setDefault(predictionCol, "prediction");
    setDefault(settings, new String[0]);
  }

  /** Another one, without params and network. */
  abstract M another(String uidOfIt);

  /** This, as its own class. */
  abstract M self();

  /** The columns that it adds. */
  abstract OutputColumns columns();

  M with(ScoringModel trained) {
    network = trained;
    return self();
  }

  ScoringModel network() {
    return network;
  }

  /** Reads the network of a saved model, whose params are set. */
  M open(String path, Configuration hadoop) {
    return with(ScoringModels.open(ModelFolder.network(path), conf(), hadoop));
  }

  @Override
  public final String uid() {
    return uid;
  }

  /**
   * The table with the predictions; nothing is computed before it is asked for.
   *
   * @throws StagecoachException as {@link #transformSchema}
   */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    return scoring(dataset.schema()).score(network, dataset.toDF(), conf().scoreBatchSize());
  }

  /**
   * The schema with the columns of the predictions.
   *
   * @throws StagecoachException of kind DATA where a column of the features is not there or holds
   *     no numbers, or one of the predictions is there already
   */
  @Override
  public StructType transformSchema(StructType schema) {
    return scoring(schema).schema();
  }

  private Scoring scoring(StructType schema) {
    return Scoring.of(
        network.form(),
        schema,
        ScoringModels.features(network.form(), schema, conf()),
        columns(),
        List.of(schema.fieldNames()));
  }

  private StagecoachConf conf() {
    SparkConf all = new SparkConf(false);
    // An estimator's others are of its training.
    SettingLines.parse(getOrDefault(settings))
        .forEach(
            (key, value) -> {
              if (SettingLines.isOfPrediction(key)) {
                all.set(key, value);
              }
            });
    if (isSet(featuresCol)) {
      all.set(Settings.DATA_FEATURES.key(), getOrDefault(featuresCol));
    }
    return StagecoachConf.from(all);
  }

  @Override
  public M copy(ParamMap extra) {
    return copyValues(another(uid).with(network), extra).setParent(parent());
  }

  /** Writes the params as Spark does, and the network as {@code train} does, in a folder each. */
  @Override
  public MLWriter write() {
    return new ModelFolder(this);
  }

  /** See {@link #featuresCol}. */
  public M setFeaturesCol(String value) {
    set(featuresCol, value);
    return self();
  }

  /** See {@link #predictionCol}. */
  public M setPredictionCol(String value) {
    set(predictionCol, value);
    return self();
  }

  /**
   * A setting of how rows are read and taken, such as {@code data.missing} or {@code
   * score.batchSize}.
   *
   * @param key with {@code spark.stagecoach.} before it or without
   * @throws StagecoachException of kind CONFIGURATION where it is a setting of training
   */
  public M setConf(String key, String value) {
    if (!SettingLines.isOfPrediction(key)) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          key + " is no setting of a model that is trained already",
          "Set it for the estimator; a model has data.* and score.*.");
    }
    set(settings, SettingLines.with(getOrDefault(settings), key, value));
    return self();
  }

  /** The column of vectors or arrays, or the numeric columns. */
  public Param<String> featuresCol() {
    return featuresCol;
  }

  /** The column with the prediction. */
  public Param<String> predictionCol() {
    return predictionCol;
  }

  /** What {@link #setConf} has set. */
  public StringArrayParam settings() {
    return settings;
  }
}
