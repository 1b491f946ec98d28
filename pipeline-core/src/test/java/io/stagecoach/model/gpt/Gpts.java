package io.stagecoach.model.gpt;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;

/** Small GPTs and data for tests. */
final class Gpts {

  static final int VOCABULARY = 11;
  static final int MAX_LENGTH = 8;
  static final int WIDTH = 8;
  static final int HEADS = 2;

  private Gpts() {}

  /** Two blocks; with weights large enough that everything matters. */
  static MultiLayerConfiguration configuration(
      TokenOutput output, DataType type, double dropout, IUpdater updater) {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(type)
        .updater(updater)
        .list()
        .layer(
            new TokenEmbedding.Builder(VOCABULARY, MAX_LENGTH, WIDTH)
                .deviation(0.7)
                .dropout(dropout)
                .build())
        .layer(block("block0", dropout))
        .layer(block("block1", dropout))
        .layer(new LayerNorm.Builder(WIDTH).name("norm").build())
        .layer(output)
        .build();
  }

  static TransformerBlock block(String name, double dropout) {
    return new TransformerBlock.Builder(WIDTH, HEADS)
        .name(name)
        .deviation(0.3)
        .dropout(dropout)
        .build();
  }

  static TiedOutput tied() {
    return new TiedOutput(WIDTH, VOCABULARY, TokenEmbedding.NAME);
  }

  static TokenOutput untied() {
    return new TokenOutput(WIDTH, VOCABULARY);
  }

  /** In double, without dropout. */
  static MultiLayerNetwork network(TokenOutput output) {
    return network(configuration(output, DataType.DOUBLE, 0, new Adam(0.01)));
  }

  static MultiLayerNetwork network(MultiLayerConfiguration configuration) {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    network.initGradientsView();
    return network;
  }

  /** Moves gains and biases, too, from where they start. */
  static void disturb(MultiLayerNetwork network, long seed) {
    Random random = new Random(seed);
    INDArray flat = network.params();
    for (long i = 0; i < flat.length(); i++) {
      flat.putScalar(i, flat.getDouble(i) + 0.1 * random.nextGaussian());
    }
  }

  /** Tokens of shape [examples, time]. */
  static INDArray tokens(long seed, int examples, int time) {
    Random random = new Random(seed);
    int[][] tokens = new int[examples][time];
    for (int[] example : tokens) {
      for (int t = 0; t < time; t++) {
        example[t] = random.nextInt(VOCABULARY);
      }
    }
    return Nd4j.createFromArray(tokens);
  }

  /**
   * The score after forward and backward, with the same dropout each time; the gradient is then in
   * the network.
   */
  static double gradientAndScore(
      MultiLayerNetwork network, INDArray features, INDArray labels, INDArray labelMask) {
    Nd4j.getRandom().setSeed(77);
    network.setInput(features);
    network.setLabels(labels);
    network.setLayerMaskArrays(null, labelMask);
    network.computeGradientAndScore();
    network.clearLayerMaskArrays();
    return network.score();
  }

  /** A gradient by parameter, copied. */
  static Map<String, INDArray> copies(Gradient gradient) {
    Map<String, INDArray> copies = new LinkedHashMap<>();
    gradient.gradientForVariable().forEach((name, view) -> copies.put(name, view.dup('c')));
    return copies;
  }

  /** Normally distributed numbers. */
  static INDArray gaussian(Random random, long... shape) {
    INDArray array = Nd4j.create(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }
}
