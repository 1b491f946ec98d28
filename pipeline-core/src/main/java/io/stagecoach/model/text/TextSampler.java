package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.OptionalInt;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Writes text with a next-token model. The network keeps its recurrent state between tokens, so
 * that each costs one time step. Not thread-safe, as the network is not.
 */
public final class TextSampler {

  private final MultiLayerNetwork network;
  private final Tokenizer tokenizer;

  /**
   * @param network takes tokens of shape [1, 1, time steps], gives probabilities of shape [1,
   *     tokens, time steps]; its recurrent state is cleared before and after
   * @param tokenizer whose tokens it was trained on
   */
  public TextSampler(MultiLayerNetwork network, Tokenizer tokenizer) {
    this.network = network;
    this.tokenizer = tokenizer;
  }

  /**
   * Continues a text, to its end where the model ends it. The same arguments give the same text.
   *
   * @param start what the text begins with; at least one character
   * @param length how many tokens to add at most
   * @param sampling how they are drawn
   * @return the start and what follows it
   */
  public String sample(String start, int length, Sampling sampling) {
    if (start.isEmpty() || length < 0) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "a sample of " + length + " tokens after \"" + start + "\" was asked for",
          "Give a start of at least one character, and a length from 0.");
    }
    TokenChoice choice = new TokenChoice(sampling);
    TokenDecoder decoder = tokenizer.decoder();
    StringBuilder text = new StringBuilder(start);
    network.rnnClearPreviousState();
    try {
      int[] next = tokenizer.encode(start);
      for (int i = 0; i < length; i++) {
        int drawn = choice.next(probabilitiesAfter(next));
        if (tokenizer.endOfText().equals(OptionalInt.of(drawn))) {
          break;
        }
        text.append(decoder.next(drawn));
        next = new int[] {drawn};
      }
    } finally {
      network.rnnClearPreviousState();
    }
    return text.append(decoder.end()).toString();
  }

  private double[] probabilitiesAfter(int[] tokens) {
    try (INDArray indices = Nd4j.createFromArray(tokens).reshape(1, 1, tokens.length);
        INDArray output = network.rnnTimeStep(indices)) {
      return output
          .get(NDArrayIndex.point(0), NDArrayIndex.all(), NDArrayIndex.point(tokens.length - 1L))
          .castTo(DataType.DOUBLE)
          .toDoubleVector();
    }
  }
}
