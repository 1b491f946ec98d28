package io.stagecoach.samples;

import io.stagecoach.spark.dl4j.PipelineTrainingMaster;
import java.util.Locale;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A program for DL4J on Spark, as there are many: an RDD of data sets, a network, {@code
 * SparkDl4jMultiLayer}, some epochs, an evaluation. One line of it was changed, the one that makes
 * the training master, and the network is trained in a pipeline.
 *
 * <p>Usage: {@code Dl4jSpark [EXAMPLES [EPOCHS]]}, by default 20,000 and 8. The examples are rows
 * of {@link TabularRule}, of which 15 of 100 have a wrong label; the tenth part is held back.
 */
public final class Dl4jSpark {

  private static final int BATCH = 64;
  private static final long SEED = 7;

  private Dl4jSpark() {}

  public static void main(String[] arguments) {
    int examples = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20_000;
    int epochs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 8;
    try (SparkSession session = SparkSession.builder().appName("DL4J on Spark").getOrCreate()) {
      JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
      JavaRDD<DataSet> training = examples(spark, 0, examples * 9L / 10);
      JavaRDD<DataSet> heldBack = examples(spark, examples * 9L / 10, examples);

      // Before: new ParameterAveragingTrainingMaster.Builder(1).batchSizePerWorker(BATCH).build();
      TrainingMaster<?, ?> master = PipelineTrainingMaster.builder().batchSize(BATCH).build();

      SparkDl4jMultiLayer network = new SparkDl4jMultiLayer(spark, network(), master);
      for (int epoch = 1; epoch <= epochs; epoch++) {
        MultiLayerNetwork trained = network.fit(training);
        System.out.printf(
            Locale.ROOT,
            "epoch %d: %d iterations, score %.4f%n",
            epoch,
            trained.getIterationCount(),
            network.getScore());
      }
      Evaluation evaluation = network.evaluate(heldBack);
      System.out.printf(
          Locale.ROOT,
          "accuracy %.4f on %d examples that were held back%n",
          evaluation.accuracy(),
          evaluation.getNumRowCounter());
      master.deleteTempFiles(spark);
    }
  }

  /** Three hidden layers for a rule that no linear model can follow. */
  private static MultiLayerConfiguration network() {
    return new NeuralNetConfiguration.Builder()
        .seed(SEED)
        .updater(new Adam(0.003))
        .activation(Activation.RELU)
        .list()
        .layer(new DenseLayer.Builder().nIn(TabularRule.FEATURES).nOut(64).build())
        .layer(new DenseLayer.Builder().nIn(64).nOut(64).build())
        .layer(new DenseLayer.Builder().nIn(64).nOut(32).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(32)
                .nOut(TabularRule.CLASSES)
                .build())
        .build();
  }

  /** The rows of these numbers, each a data set of one example. */
  private static JavaRDD<DataSet> examples(JavaSparkContext spark, long first, long end) {
    TabularRule rule = new TabularRule(SEED);
    return SparkSession.builder()
        .getOrCreate()
        .range(first, end, 1, spark.defaultParallelism())
        .javaRDD()
        .map(number -> example(rule.row(number)));
  }

  private static DataSet example(TabularRule.Row row) {
    float[] features = new float[TabularRule.FEATURES];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) TabularRule.standard(i, row.features().get(i));
    }
    INDArray label = Nd4j.zeros(1, TabularRule.CLASSES);
    label.putScalar(0, row.label(), 1);
    return new DataSet(Nd4j.create(features, 1, features.length), label);
  }
}
