package io.stagecoach.spark.ml;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.JobData;
import io.stagecoach.spark.data.ModelShape;
import io.stagecoach.spark.job.ProgramTraining;
import io.stagecoach.spark.job.ScoringModels;
import io.stagecoach.spark.job.TemporaryDirectory;
import io.stagecoach.spark.score.OutputColumns;
import io.stagecoach.spark.score.Scoring;
import io.stagecoach.spark.score.ScoringModel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a DL4J network in a pipeline over the executors of the application. A param that is set
 * comes before a setting of {@link #setConf}, and that before one of the session's {@code
 * SparkConf} ({@code spark.stagecoach.*}). Fits that are started at the same time wait for each
 * other.
 *
 * @param <E> the estimator itself
 * @param <M> its model
 */
public abstract class StagecoachEstimator<
        E extends StagecoachEstimator<E, M>, M extends StagecoachModel<M>>
    extends Estimator<M> implements DefaultParamsWritable {

  private static final long serialVersionUID = 1L;

  private final String uid;
  private final Param<String> featuresCol;
  private final Param<String> labelCol;
  private final Param<String> weightCol;
  private final Param<String> predictionCol;
  private final IntParam stages;
  private final Param<String> microBatches;
  private final IntParam batchSize;
  private final IntParam epochs;
  private final DoubleParam learningRate;
  private final LongParam seed;
  private final DoubleParam validationShare;
  private final Param<String> normalize;
  private final Param<String> schedule;
  private final Param<String> exchange;
  private final Param<String> modelConfig;
  private final Param<String> modelFrom;
  private final Param<String> modelPreset;
  private final StringArrayParam settings;

  StagecoachEstimator(String uid) {
    this.uid = uid;
    this.featuresCol = new Param<>(this, "featuresCol", ColumnDocs.FEATURES);
    this.labelCol = new Param<>(this, "labelCol", Settings.DATA_LABEL.sentence());
    this.weightCol = new Param<>(this, "weightCol", Settings.DATA_WEIGHT_COLUMN.sentence());
    this.predictionCol = new Param<>(this, "predictionCol", ColumnDocs.PREDICTION);
    this.stages = new IntParam(this, "stages", Settings.STAGES.sentence());
    this.microBatches = new Param<>(this, "microBatches", Settings.MICRO_BATCHES.sentence());
    this.batchSize = new IntParam(this, "batchSize", Settings.BATCH_SIZE.sentence());
    this.epochs = new IntParam(this, "epochs", Settings.EPOCHS.sentence());
    this.learningRate = new DoubleParam(this, "learningRate", Settings.LEARNING_RATE.sentence());
    this.seed = new LongParam(this, "seed", Settings.SEED.sentence());
    this.validationShare =
        new DoubleParam(this, "validationShare", Settings.DATA_VALIDATION_SHARE.sentence());
    this.normalize = new Param<>(this, "normalize", Settings.DATA_NORMALIZE.sentence());
    this.schedule = new Param<>(this, "schedule", Settings.SCHEDULE.sentence());
    this.exchange = new Param<>(this, "exchange", Settings.EXCHANGE.sentence());
    this.modelConfig =
        new Param<>(
            this,
            "modelConfig",
            "A DL4J configuration to train from fresh weights: the JSON itself, or where it is.");
    this.modelFrom = new Param<>(this, "modelFrom", Settings.MODEL_FROM.sentence());
    this.modelPreset = new Param<>(this, "modelPreset", Settings.MODEL_PRESET.sentence());
    this.settings = new StringArrayParam(this, "settings", ColumnDocs.SETTINGS);
    setDefault(featuresCol, "features");
    setDefault(labelCol, "label");
    setDefault(predictionCol, "prediction");
    setDefault(settings, new String[0]);
  }

  /** This, as its own class. */
  abstract E self();

  /** Refuses a network that the model could not predict with. */
  abstract void require(ModelShape shape);

  /** Refuses a label, when the schema alone says that it cannot be one. */
  abstract void requireLabel(StructType schema, StagecoachConf conf);

  /** The columns that the model will add, as far as they are known before it. */
  abstract OutputColumns columns();

  /** The model, without its params. */
  abstract M model(ScoringModel trained);

  @Override
  public final String uid() {
    return uid;
  }

  /**
   * Trains on a table.
   *
   * @throws StagecoachException as {@code train} has it, of the settings, the table or the network
   *     before anything is computed
   */
  @Override
  public M fit(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    SparkSession spark = dataset.sparkSession();
    try (TemporaryDirectory work = TemporaryDirectory.create()) {
      EstimatorSettings own = ownSettings();
      own.place(work.path());
      StagecoachConf conf = own.forFit(spark.sparkContext().getConf(), work.path());
      ProgramTraining.run(spark, conf, dataset.toDF(), this::require);
      ScoringModel trained =
          ScoringModels.open(
              conf.outputPath().orElseThrow(), conf, spark.sessionState().newHadoopConf());
      return copyValues(model(trained), ParamMap.empty()).setParent(this);
    }
  }

  @Override
  public StructType transformSchema(StructType schema) {
    StagecoachConf conf =
        ownSettings().forFit(SparkSession.active().sparkContext().getConf(), Path.of(""));
    if (conf.dataText().isPresent()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.DATA_TEXT.key() + " is set, but an estimator learns from features and a label",
          "Remove it; texts are trained on with `train`.");
    }
    JobData.requireColumns(schema, conf);
    requireLabel(schema, conf);
    return Scoring.appended(schema, columns());
  }

  @Override
  public E copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  private EstimatorSettings ownSettings() {
    Map<Setting<?>, String> set = new LinkedHashMap<>();
    put(set, Settings.DATA_FEATURES, featuresCol);
    put(set, Settings.DATA_LABEL, labelCol);
    put(set, Settings.DATA_WEIGHT_COLUMN, weightCol);
    put(set, Settings.STAGES, stages);
    put(set, Settings.MICRO_BATCHES, microBatches);
    put(set, Settings.BATCH_SIZE, batchSize);
    put(set, Settings.EPOCHS, epochs);
    put(set, Settings.LEARNING_RATE, learningRate);
    put(set, Settings.SEED, seed);
    put(set, Settings.DATA_VALIDATION_SHARE, validationShare);
    put(set, Settings.DATA_NORMALIZE, normalize);
    put(set, Settings.SCHEDULE, schedule);
    put(set, Settings.EXCHANGE, exchange);
    put(set, Settings.MODEL_CONFIG, modelConfig);
    put(set, Settings.MODEL_FROM, modelFrom);
    put(set, Settings.MODEL_PRESET, modelPreset);
    return new EstimatorSettings(SettingLines.parse(getOrDefault(settings)), set);
  }

  private void put(Map<Setting<?>, String> set, Setting<?> setting, Param<?> param) {
    if (isSet(param)) {
      set.put(setting, String.valueOf(getOrDefault(param)));
    }
  }

  private <T> E with(Param<T> param, T value) {
    set(param, value);
    return self();
  }

  /**
   * Any other setting.
   *
   * @param key with {@code spark.stagecoach.} before it or without
   */
  public E setConf(String key, String value) {
    return with(settings, SettingLines.with(getOrDefault(settings), key, value));
  }

  /** See {@link #featuresCol}. */
  public E setFeaturesCol(String value) {
    return with(featuresCol, value);
  }

  /** See {@link #labelCol}. */
  public E setLabelCol(String value) {
    return with(labelCol, value);
  }

  /** See {@link #weightCol}. */
  public E setWeightCol(String value) {
    return with(weightCol, value);
  }

  /** See {@link #predictionCol}. */
  public E setPredictionCol(String value) {
    return with(predictionCol, value);
  }

  /** See {@link #stages}. */
  public E setStages(int value) {
    return with(stages, value);
  }

  /** See {@link #microBatches}. */
  public E setMicroBatches(int value) {
    return with(microBatches, String.valueOf(value));
  }

  /** See {@link #batchSize}. */
  public E setBatchSize(int value) {
    return with(batchSize, value);
  }

  /** See {@link #epochs}. */
  public E setEpochs(int value) {
    return with(epochs, value);
  }

  /** See {@link #learningRate}. */
  public E setLearningRate(double value) {
    return with(learningRate, value);
  }

  /** See {@link #seed}. */
  public E setSeed(long value) {
    return with(seed, value);
  }

  /** See {@link #validationShare}. */
  public E setValidationShare(double value) {
    return with(validationShare, value);
  }

  /** See {@link #normalize}. */
  public E setNormalize(String value) {
    return with(normalize, value);
  }

  /** See {@link #schedule}. */
  public E setSchedule(String value) {
    return with(schedule, value);
  }

  /** See {@link #exchange}. */
  public E setExchange(String value) {
    return with(exchange, value);
  }

  /** See {@link #modelConfig}. */
  public E setModelConfig(String jsonOrPath) {
    return with(modelConfig, jsonOrPath);
  }

  /** See {@link #modelFrom}. */
  public E setModelFrom(String path) {
    return with(modelFrom, path);
  }

  /** See {@link #modelPreset}. */
  public E setModelPreset(String name) {
    return with(modelPreset, name);
  }

  /** The column of vectors or arrays, or the numeric columns. */
  public Param<String> featuresCol() {
    return featuresCol;
  }

  /** {@link Settings#DATA_LABEL}. */
  public Param<String> labelCol() {
    return labelCol;
  }

  /** {@link Settings#DATA_WEIGHT_COLUMN}. */
  public Param<String> weightCol() {
    return weightCol;
  }

  /** The column with the model's prediction. */
  public Param<String> predictionCol() {
    return predictionCol;
  }

  /** {@link Settings#STAGES}. */
  public IntParam stages() {
    return stages;
  }

  /** {@link Settings#MICRO_BATCHES}. */
  public Param<String> microBatches() {
    return microBatches;
  }

  /** {@link Settings#BATCH_SIZE}. */
  public IntParam batchSize() {
    return batchSize;
  }

  /** {@link Settings#EPOCHS}. */
  public IntParam epochs() {
    return epochs;
  }

  /** {@link Settings#LEARNING_RATE}. */
  public DoubleParam learningRate() {
    return learningRate;
  }

  /** {@link Settings#SEED}. */
  public LongParam seed() {
    return seed;
  }

  /** {@link Settings#DATA_VALIDATION_SHARE}. */
  public DoubleParam validationShare() {
    return validationShare;
  }

  /** {@link Settings#DATA_NORMALIZE}. */
  public Param<String> normalize() {
    return normalize;
  }

  /** {@link Settings#SCHEDULE}. */
  public Param<String> schedule() {
    return schedule;
  }

  /** {@link Settings#EXCHANGE}. */
  public Param<String> exchange() {
    return exchange;
  }

  /** DL4J's configuration. */
  public Param<String> modelConfig() {
    return modelConfig;
  }

  /** {@link Settings#MODEL_FROM}. */
  public Param<String> modelFrom() {
    return modelFrom;
  }

  /** {@link Settings#MODEL_PRESET}. */
  public Param<String> modelPreset() {
    return modelPreset;
  }

  /** What {@link #setConf} has set. */
  public StringArrayParam settings() {
    return settings;
  }
}
