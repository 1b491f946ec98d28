package io.stagecoach.samples;

import io.stagecoach.spark.dl4j.PipelineTrainingMaster;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
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
 * Labels every step of sequences of different lengths by LSTM layers: the sequences are padded to
 * one length, and masks say which steps are real, for the layers, the loss and the evaluation.
 *
 * <p>Usage: {@code SequenceLabels [SEQUENCES [EPOCHS]]}, by default 8,000 after {@link PhraseRule}
 * and 6; the tenth part is held back.
 */
public final class SequenceLabels {

  private static final int BATCH = 64;
  private static final long SEED = 7;

  private SequenceLabels() {}

  public static void main(String[] arguments) {
    int sequences = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8000;
    int epochs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 6;
    try (SparkSession session = SparkSession.builder().appName("Sequence labels").getOrCreate()) {
      JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
      JavaRDD<DataSet> training = examples(session, 0, sequences * 9L / 10);
      JavaRDD<DataSet> heldBack = examples(session, sequences * 9L / 10, sequences);
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
          "accuracy %.4f on %d steps of %d sequences that were held back%n",
          evaluation.accuracy(),
          evaluation.getNumRowCounter(),
          sequences - sequences * 9L / 10);
      master.deleteTempFiles(spark);
    }
  }

  private static MultiLayerConfiguration network() {
    return new NeuralNetConfiguration.Builder()
        .seed(SEED)
        .updater(new Adam(0.01))
        .list()
        .layer(new LSTM.Builder().nIn(PhraseRule.SYMBOLS).nOut(24).build())
        .layer(new LSTM.Builder().nIn(24).nOut(16).build())
        .layer(
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(16)
                .nOut(PhraseRule.TAGS)
                .build())
        .build();
  }

  /** The sequences of these numbers, each a data set of one example. */
  private static JavaRDD<DataSet> examples(SparkSession session, long first, long end) {
    PhraseRule rule = new PhraseRule(SEED);
    int parts = session.sparkContext().defaultParallelism();
    return session.range(first, end, 1, parts).javaRDD().map(n -> example(rule.sequence(n)));
  }

  /** One-hot symbols and tags of [1, size, time], and a mask of [1, time] for both. */
  private static DataSet example(List<PhraseRule.Tagged> sequence) {
    INDArray symbols = Nd4j.zeros(1, PhraseRule.SYMBOLS, PhraseRule.LONGEST);
    INDArray tags = Nd4j.zeros(1, PhraseRule.TAGS, PhraseRule.LONGEST);
    INDArray mask = Nd4j.zeros(1, PhraseRule.LONGEST);
    for (int t = 0; t < sequence.size(); t++) {
      symbols.putScalar(0, sequence.get(t).symbol(), t, 1);
      tags.putScalar(0, sequence.get(t).tag(), t, 1);
      mask.putScalar(0, t, 1);
    }
    return new DataSet(symbols, tags, mask, mask.dup());
  }
}
