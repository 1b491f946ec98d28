package io.stagecoach.samples;

import io.stagecoach.spark.ml.StagecoachClassifier;
import java.io.IOException;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Trains a classifier as the last stage of a Spark ML pipeline, chooses between two learning rates
 * by cross-validation, measures the better model on rows held back, and saves it.
 *
 * <p>Usage: {@code SparkPipeline [ROWS [MODEL]]}, by default 20,000 rows after {@link TabularRule}
 * and {@code stagecoach-output/spark-pipeline}. What is at the path is replaced.
 */
public final class SparkPipeline {

  private static final String MODEL = "stagecoach-output/spark-pipeline";
  private static final long ROWS = 20_000;
  private static final long SEED = 7;
  private static final int FOLDS = 2;

  private SparkPipeline() {}

  public static void main(String[] arguments) throws IOException {
    long rows = arguments.length > 0 ? Long.parseLong(arguments[0]) : ROWS;
    String path = arguments.length > 1 ? arguments[1] : MODEL;
    try (SparkSession spark = SparkSession.builder().appName("Spark ML pipeline").getOrCreate()) {
      Dataset<Row>[] parts =
          TabularData.rows(spark, new TabularRule(SEED), rows)
              .randomSplit(new double[] {0.8, 0.2}, SEED);

      VectorAssembler features =
          new VectorAssembler()
              .setInputCols(
                  IntStream.range(0, TabularRule.FEATURES)
                      .mapToObj(i -> String.format(Locale.ROOT, "f%02d", i))
                      .toArray(String[]::new))
              .setOutputCol("features");
      StagecoachClassifier classifier =
          new StagecoachClassifier()
              .setModelPreset("mlp")
              .setNormalize("standard")
              .setBatchSize(256)
              .setEpochs(3)
              .setValidationShare(0)
              .setConf("model.preset.hidden", "128,128")
              .setConf("progress", "none");
      ParamMap[] candidates =
          new ParamGridBuilder()
              .addGrid(classifier.learningRate(), new double[] {0.0001, 0.003})
              .build();
      MulticlassClassificationEvaluator accuracy =
          new MulticlassClassificationEvaluator().setMetricName("accuracy");
      CrossValidatorModel best =
          new CrossValidator()
              .setEstimator(new Pipeline().setStages(new PipelineStage[] {features, classifier}))
              .setEstimatorParamMaps(candidates)
              .setEvaluator(accuracy)
              .setNumFolds(FOLDS)
              .setParallelism(2)
              .setSeed(SEED)
              .fit(parts[0]);

      for (int i = 0; i < candidates.length; i++) {
        System.out.printf(
            Locale.ROOT,
            "learning rate %s: accuracy %.4f, the mean of %d folds%n",
            candidates[i].get(classifier.learningRate()).get(),
            best.avgMetrics()[i],
            FOLDS);
      }
      Dataset<Row> predicted = best.transform(parts[1]);
      predicted.select("label", "prediction", "probability").show(3, false);
      System.out.printf(
          Locale.ROOT, "accuracy on the rows held back: %.4f%n", accuracy.evaluate(predicted));
      PipelineModel model = (PipelineModel) best.bestModel();
      model.write().overwrite().save(path);
      System.out.println("The pipeline is at " + path);
    }
  }
}
