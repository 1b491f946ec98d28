package io.stagecoach.model;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Writes text with a next-character model. The network keeps its recurrent state between
 * characters, so that each costs one time step. Not thread-safe, as the network is not.
 */
public final class TextSampler {

  private final MultiLayerNetwork network;
  private final Vocabulary vocabulary;

  /**
   * @param network takes character indices of shape [1, 1, time steps], gives probabilities of
   *     shape [1, vocabulary, time steps]; its recurrent state is cleared before and after
   * @param vocabulary the characters that it was trained on
   */
  public TextSampler(MultiLayerNetwork network, Vocabulary vocabulary) {
    this.network = network;
    this.vocabulary = vocabulary;
  }

  /**
   * Continues a text. The same arguments give the same text.
   *
   * @param start what the text begins with; at least one character
   * @param length how many characters to add
   * @param temperature 1 draws as the model predicts, less is safer, more is wilder; 0 always takes
   *     the most probable character
   * @param seed of the draws
   * @return the start and what follows it
   */
  public String sample(String start, int length, double temperature, long seed) {
    if (start.isEmpty()
        || length < 0
        || !(temperature >= 0)
        || temperature == Double.POSITIVE_INFINITY) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "a sample of "
              + length
              + " characters at temperature "
              + temperature
              + " after \""
              + start
              + "\" was asked for",
          "Give a start of at least one character, a length and a temperature from 0.");
    }
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder text = new StringBuilder(start);
    network.rnnClearPreviousState();
    try {
      int[] next = vocabulary.encode(start);
      for (int i = 0; i < length; i++) {
        int drawn = draw(probabilitiesAfter(next), temperature, random);
        text.appendCodePoint(vocabulary.codePoint(drawn));
        next = new int[] {drawn};
      }
    } finally {
      network.rnnClearPreviousState();
    }
    return text.toString();
  }

  private double[] probabilitiesAfter(int[] characters) {
    try (INDArray indices = Nd4j.createFromArray(characters).reshape(1, 1, characters.length);
        INDArray output = network.rnnTimeStep(indices)) {
      return output
          .get(
              NDArrayIndex.point(0), NDArrayIndex.all(), NDArrayIndex.point(characters.length - 1L))
          .castTo(DataType.DOUBLE)
          .toDoubleVector();
    }
  }

  private static int draw(double[] probabilities, double temperature, SplittableRandom random) {
    double most = Arrays.stream(probabilities).max().orElseThrow();
    if (!(most > 0)) {
      throw new StagecoachException(
          ErrorKind.NUMERIC,
          "the model predicts no character: its largest probability is " + most,
          "Its weights are not finite: train it again with a smaller learning rate.");
    }
    if (temperature == 0) {
      for (int i = 0; ; i++) {
        if (probabilities[i] == most) {
          return i;
        }
      }
    }
    double[] weights = new double[probabilities.length];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      // Relative to the most probable one, so that a low temperature cannot make all of them 0.
      weights[i] = Math.pow(probabilities[i] / most, 1 / temperature);
      sum += weights[i];
    }
    double left = random.nextDouble() * sum;
    int last = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        last = i;
        left -= weights[i];
        if (left < 0) {
          return i;
        }
      }
    }
    return last;
  }
}
