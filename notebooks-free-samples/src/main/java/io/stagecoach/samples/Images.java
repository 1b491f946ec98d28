package io.stagecoach.samples;

import io.stagecoach.spark.ml.StagecoachClassificationModel;
import io.stagecoach.spark.ml.StagecoachClassifier;
import java.util.Locale;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Trains a convolutional network on the pictures in a binary column, PNG files as they are, and
 * measures it on pictures held back.
 *
 * <p>Usage: {@code Images [PICTURES [EPOCHS [TABLE]]]}, by default 6,000 pictures after {@link
 * PictureRule}, 6 epochs, and {@code stagecoach-output/pictures}. What is at the path is replaced.
 */
public final class Images {

  private static final String TABLE = "stagecoach-output/pictures";
  private static final long SEED = 7;
  private static final int FILES = 4;

  private Images() {}

  public static void main(String[] arguments) {
    long pictures = arguments.length > 0 ? Long.parseLong(arguments[0]) : 6000;
    int epochs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 6;
    String path = arguments.length > 2 ? arguments[2] : TABLE;
    try (SparkSession spark = SparkSession.builder().appName("Images").getOrCreate()) {
      write(spark, pictures, path);
      Dataset<Row>[] parts = spark.read().parquet(path).randomSplit(new double[] {0.8, 0.2}, SEED);

      StagecoachClassificationModel model =
          new StagecoachClassifier()
              .setModelConfig(network())
              .setFeaturesCol("picture")
              .setBatchSize(64)
              .setEpochs(epochs)
              .setValidationShare(0)
              .setConf("progress", "none")
              .fit(parts[0]);

      Dataset<Row> predicted = model.transform(parts[1]);
      predicted.orderBy("number").select("number", "label", "prediction").show(5);
      System.out.printf(
          Locale.ROOT,
          "accuracy on %d pictures held back: %.4f%n",
          predicted.count(),
          new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(predicted));
    }
  }

  private static void write(SparkSession spark, long pictures, String path) {
    PictureRule rule = new PictureRule(SEED);
    StructType schema =
        new StructType()
            .add("number", DataTypes.LongType, false)
            .add("picture", DataTypes.BinaryType, false)
            .add("label", DataTypes.IntegerType, false);
    spark
        .range(0, pictures, 1, FILES)
        .map(
            (MapFunction<Long, Row>)
                number -> {
                  PictureRule.Picture picture = rule.picture(number);
                  return RowFactory.create(number, picture.png(), picture.figure());
                },
            Encoders.row(schema))
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(path);
  }

  private static String network() {
    return new NeuralNetConfiguration.Builder()
        .seed(SEED)
        .updater(new Adam(0.003))
        .activation(Activation.RELU)
        .list()
        .layer(new ConvolutionLayer.Builder(3, 3).nOut(8).build())
        .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build())
        .layer(new ConvolutionLayer.Builder(3, 3).nOut(16).build())
        .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build())
        .layer(new DenseLayer.Builder().nOut(32).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(PictureRule.FIGURES.size())
                .build())
        .setInputType(InputType.convolutional(PictureRule.SIDE, PictureRule.SIDE, 1))
        .build()
        .toJson();
  }
}
