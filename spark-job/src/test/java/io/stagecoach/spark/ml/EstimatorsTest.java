package io.stagecoach.spark.ml;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.data.LocalSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.BinaryClassificationEvaluator;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.evaluation.RegressionEvaluator;
import org.apache.spark.ml.feature.IndexToString;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Pipelines of one stage, in the one process that a local session is. */
@TestInstance(Lifecycle.PER_CLASS)
class EstimatorsTest {

  @TempDir Path folder;
  private SparkSession spark;
  private Dataset<Row> table;

  @BeforeAll
  void start() {
    spark = LocalSpark.session();
    table =
        spark
            .range(0, 400, 1, 2)
            .selectExpr(
                "id",
                "sin(id) a",
                "50 + cos(3 * id) b",
                "CAST(sin(id) > 0.2 AS DOUBLE) label",
                "IF(sin(id) > 0.2, 'up', 'down') side",
                "2 * sin(id) - 1 height");
  }

  private static NeuralNetConfiguration.ListBuilder layers() {
    return new NeuralNetConfiguration.Builder()
        .seed(3)
        .dataType(DataType.DOUBLE)
        .updater(new Adam(0.01))
        .list()
        .layer(new DenseLayer.Builder().nIn(2).nOut(8).activation(Activation.TANH).build());
  }

  private static String classes() {
    return layers()
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(8)
                .nOut(2)
                .build())
        .build()
        .toJson();
  }

  private static String values() {
    return layers()
        .layer(
            new OutputLayer.Builder(LossFunction.MSE)
                .activation(Activation.IDENTITY)
                .nIn(8)
                .nOut(1)
                .build())
        .build()
        .toJson();
  }

  private static StagecoachClassifier classifier() {
    return common(new StagecoachClassifier().setModelConfig(classes()).setNormalize("standard"));
  }

  private static <E extends StagecoachEstimator<E, ?>> E common(E estimator) {
    return estimator
        .setStages(1)
        .setBatchSize(50)
        .setMicroBatches(2)
        .setEpochs(4)
        .setValidationShare(0)
        .setConf("progress", "none")
        .setConf("score.batchSize", "32");
  }

  @Test
  void aModelPredictsAsPlainDl4jDoesAndStaysWhatItIsWhenItIsSaved() throws Exception {
    StagecoachClassificationModel model = classifier().setFeaturesCol("a,b").fit(table);

    Dataset<Row> predicted = model.transform(table);
    assertThat(predicted.columns())
        .containsExactly(
            "id",
            "a",
            "b",
            "label",
            "side",
            "height",
            "rawPrediction",
            "probability",
            "prediction");
    List<Row> rows = predicted.orderBy("id").collectAsList();
    assertThat(rows).hasSize(400);
    String path = folder.resolve("classifier").toString();
    model.write().overwrite().save(path);
    java.io.File zip = new java.io.File(path, "network/model.zip");
    MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(zip);
    DataNormalization normalizer = ModelSerializer.restoreNormalizerFromFile(zip);
    for (Row row : rows) {
      INDArray features =
          Nd4j.createFromArray(new double[][] {{row.getDouble(1), row.getDouble(2)}});
      normalizer.transform(features);
      double[] expected = network.output(features).toDoubleVector();
      double[] probability = ((Vector) row.get(7)).toArray();
      assertThat(probability).containsExactly(expected, within(1e-12));
      assertThat(((Vector) row.get(6)).toArray()[1]).isCloseTo(Math.log(expected[1]), within(1e-9));
      assertThat(row.getDouble(8)).isEqualTo(expected[1] > expected[0] ? 1 : 0);
    }
    assertThat(
            new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(predicted))
        .isGreaterThan(0.9);
    assertThat(new BinaryClassificationEvaluator().evaluate(predicted)).isGreaterThan(0.9);

    StagecoachClassificationModel again = StagecoachClassificationModel.load(path);

    assertThat(again.uid()).isEqualTo(model.uid());
    assertThat(again.numClasses()).isEqualTo(2);
    assertThat(again.transform(table).orderBy("id").collectAsList()).isEqualTo(rows);
    assertThatThrownBy(() -> model.save(path)).hasMessageContaining("already exists");
  }

  @Test
  void aPipelineNamesTheClassesThatTexts() throws Exception {
    VectorAssembler assembler =
        new VectorAssembler().setInputCols(new String[] {"a", "b"}).setOutputCol("features");
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  assembler,
                  common(new StagecoachClassifier())
                      .setModelPreset("mlp")
                      .setConf("model.preset.hidden", "16")
                      .setConf("model.preset.learningRate", "0.02")
                      .setNormalize("standard")
                      .setEpochs(8)
                      .setLabelCol("side")
                      .setRawPredictionCol(""),
                  new IndexToString().setInputCol("prediction").setOutputCol("predicted")
                });
    String untrained = folder.resolve("untrained").toString();
    pipeline.write().overwrite().save(untrained);

    PipelineModel model = Pipeline.load(untrained).fit(table);

    String path = folder.resolve("pipeline").toString();
    model.write().overwrite().save(path);
    Dataset<Row> predicted = PipelineModel.load(path).transform(table);
    assertThat(predicted.columns()).doesNotContain("rawPrediction").contains("predicted");
    assertThat(predicted.where("predicted = side").count()).isGreaterThan(360);
    assertThat(predicted.select("id", "predicted").orderBy("id").collectAsList())
        .isEqualTo(model.transform(table).select("id", "predicted").orderBy("id").collectAsList());
  }

  @Test
  void categoriesAndWeightsAreSettingsOfAFit() throws Exception {
    Dataset<Row> rows =
        table.selectExpr(
            "id",
            "a",
            "IF(id % 2 = 0, 'even', 'odd') parity",
            "side",
            "IF(side = 'down', 0D, 2D) weight");
    StagecoachClassifier classifier =
        common(new StagecoachClassifier())
            .setModelPreset("mlp")
            .setConf("model.preset.hidden", "8")
            .setConf("data.categorical", "parity")
            .setFeaturesCol("a,parity")
            .setLabelCol("side")
            .setWeightCol("weight")
            .setLearningRate(0.05)
            .setEpochs(8);

    StagecoachClassificationModel model = classifier.fit(rows);

    // Rows of one side count for nothing, so that all the model has learned is the other.
    Dataset<Row> unweighted = rows.drop("weight", "side");
    List<Row> predicted = model.transform(unweighted).orderBy("id").collectAsList();
    assertThat(predicted).allMatch(row -> row.<Double>getAs("prediction") == 1);
    String path = folder.resolve("categories").toString();
    model.write().overwrite().save(path);
    StagecoachClassificationModel again = StagecoachClassificationModel.load(path);
    assertThat(again.transform(unweighted).orderBy("id").collectAsList()).isEqualTo(predicted);

    Dataset<Row> others = unweighted.withColumn("parity", lit("neither"));
    assertThatThrownBy(() -> again.transform(others).collectAsList())
        .hasStackTraceContaining("a row has a category in parity");
    again.setConf("data.categorical.unknown", "other");
    assertThat(again.transform(others).collectAsList()).hasSize(400);

    assertThat(classifier.copy(ParamMap.empty()).getOrDefault(classifier.weightCol()))
        .isEqualTo("weight");
    assertThatThrownBy(() -> classifier.transformSchema(unweighted.drop("side").schema()))
        .isInstanceOf(StagecoachException.class);
    assertThatThrownBy(() -> classifier.transformSchema(rows.drop("weight").schema()))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("there is no column weight");
  }

  /** Counts the pipelines that are at work at the same time. */
  private static final class Pipelines extends SparkListener {

    private final Set<Integer> atWork = new HashSet<>();
    private final AtomicInteger all = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();

    @Override
    public void onJobStart(SparkListenerJobStart start) {
      String what = String.valueOf(start.properties().getProperty("spark.job.description"));
      if (what.contains("stages of the pipeline at work")) {
        all.incrementAndGet();
        atWork.add(start.jobId());
        mostAtOnce.accumulateAndGet(atWork.size(), Math::max);
      }
    }

    @Override
    public void onJobEnd(SparkListenerJobEnd end) {
      atWork.remove(end.jobId());
    }
  }

  /** Two threads fit at once, on executors that are there once. */
  @Test
  void crossValidationTakesTheBetterLearningRate() {
    StagecoachClassifier classifier = classifier().setFeaturesCol("a,b").setEpochs(6);
    ParamMap[] candidates =
        new ParamGridBuilder()
            .addGrid(classifier.learningRate(), new double[] {1e-7, 0.02})
            .build();

    Pipelines pipelines = new Pipelines();
    spark.sparkContext().addSparkListener(pipelines);
    CrossValidatorModel model =
        new CrossValidator()
            .setEstimator(classifier)
            .setEstimatorParamMaps(candidates)
            .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
            .setNumFolds(2)
            .setParallelism(2)
            .setSeed(5)
            .fit(table);

    spark.sparkContext().removeSparkListener(pipelines);
    assertThat(pipelines.all).hasValueGreaterThanOrEqualTo(4);
    assertThat(pipelines.mostAtOnce).hasValue(1);
    assertThat(model.avgMetrics()).hasSize(2);
    assertThat(model.avgMetrics()[1]).isGreaterThan(model.avgMetrics()[0]).isGreaterThan(0.85);
    StagecoachClassificationModel best = (StagecoachClassificationModel) model.bestModel();
    assertThat(best.parent()).isInstanceOf(StagecoachClassifier.class);
    assertThat(best.transform(table).where("prediction = label").count()).isGreaterThan(340);
  }

  @Test
  void aRegressorEstimatesANumberFromAnArray() {
    StagecoachRegressor regressor =
        common(new StagecoachRegressor().setModelConfig(values()).setNormalize("minmax"))
            .setLabelCol("height")
            .setPredictionCol("estimate")
            .setEpochs(30);
    Dataset<Row> arrays = table.withColumn("features", array(expr("a"), expr("b")));

    Dataset<Row> predicted = regressor.fit(arrays).transform(arrays);

    assertThat(
            new RegressionEvaluator()
                .setLabelCol("height")
                .setPredictionCol("estimate")
                .setMetricName("r2")
                .evaluate(predicted))
        .isGreaterThan(0.9);
  }

  @Test
  void whatCannotBeTrainedOnIsRefusedByNameBeforeAnythingIsComputed() {
    StructType schema = table.schema();
    List<String> messages = new ArrayList<>();
    for (StagecoachEstimator<?, ?> wrong :
        List.of(
            classifier().setFeaturesCol("a,bb"),
            classifier().setFeaturesCol("a,side"),
            classifier().setFeaturesCol("a,b").setLabelCol("lable"),
            classifier().setFeaturesCol("a,b").setProbabilityCol("height"),
            classifier().setFeaturesCol("a,b").setConf("batchsize", "3"),
            new StagecoachRegressor().setFeaturesCol("a,b").setLabelCol("side"))) {
      assertThatThrownBy(() -> wrong.transformSchema(schema))
          .isInstanceOfSatisfying(StagecoachException.class, e -> messages.add(e.what()));
    }
    assertThat(messages.get(0)).contains("there is no column bb");
    assertThat(messages.get(1)).contains("the column side is of type string");
    assertThat(messages.get(2)).contains("there is no column lable");
    assertThat(messages.get(3)).contains("there is a column height already");
    assertThat(messages.get(4)).contains("no setting spark.stagecoach.batchsize");
    assertThat(messages.get(5)).contains("the label side is of type string");
  }

  @Test
  void aModelTakesNoSettingsOfTraining() {
    StagecoachRegressionModel model = new StagecoachRegressionModel("uid");
    assertThat(model.getOrDefault(model.setConf("data.missing", "drop").settings()))
        .containsExactly("spark.stagecoach.data.missing=drop");
    assertThatThrownBy(() -> model.setConf("clip.norm", "1"))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("clip.norm is no setting of a model");
  }

  @Test
  void aNetworkForAnotherTaskIsRefused() {
    assertThatThrownBy(() -> classifier().setFeaturesCol("a,b").setModelConfig(values()).fit(table))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
        .hasMessageContaining("StagecoachRegressor");
  }

  @Test
  void paramsExplainThemselvesAndTravelWithACopy() {
    StagecoachClassifier classifier = classifier().setConf("spark.stagecoach.clip.norm", "2");
    assertThat(classifier.explainParams()).contains("batchSize: How many examples a mini-batch");
    StagecoachClassifier copy = classifier.copy(ParamMap.empty().put(classifier.epochs().w(9)));
    assertThat(copy.getOrDefault(copy.epochs())).isEqualTo(9);
    assertThat(copy.getOrDefault(copy.settings()))
        .contains("spark.stagecoach.clip.norm=2", "spark.stagecoach.progress=none");
  }
}
