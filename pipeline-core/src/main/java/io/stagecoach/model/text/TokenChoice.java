package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Chooses the next token of one text. The same probabilities, asked for in the same order, give the
 * same tokens; wherever tokens are equally probable, the one with the smaller number goes first.
 * Not for use by several threads.
 */
public final class TokenChoice {

  private final Sampling sampling;
  private final SplittableRandom random;

  public TokenChoice(Sampling sampling) {
    this.sampling = sampling;
    this.random = new SplittableRandom(sampling.seed());
  }

  /**
   * The next token.
   *
   * @param probabilities of each token, or what is in proportion to them; not changed
   * @throws StagecoachException of kind {@code NUMERIC} where none is above 0, or one is not finite
   */
  public int next(double[] probabilities) {
    int best = 0;
    for (int i = 0; i < probabilities.length; i++) {
      requireNumber(i, probabilities[i]);
      best = probabilities[i] > probabilities[best] ? i : best;
    }
    double most = probabilities.length == 0 ? 0 : probabilities[best];
    if (!(most > 0)) {
      throw noToken("its largest probability is " + most);
    }
    if (sampling.temperature() == 0 || sampling.topK() == 1) {
      return best;
    }
    double[] weights = new double[probabilities.length];
    for (int i = 0; i < weights.length; i++) {
      // Relative to the most probable one, so that a low temperature cannot make all of them 0.
      weights[i] = Math.pow(probabilities[i] / most, 1 / sampling.temperature());
    }
    keepMostProbable(weights);
    keepShare(weights);
    return draw(weights);
  }

  private static void requireNumber(int token, double probability) {
    if (!Double.isFinite(probability) || probability < 0) {
      throw noToken("the probability of its token " + token + " is " + probability);
    }
  }

  private static StagecoachException noToken(String why) {
    return new StagecoachException(
        ErrorKind.NUMERIC,
        "the model predicts no token: " + why,
        "Its weights are not finite: train it again with a smaller learning rate.");
  }

  private void keepMostProbable(double[] weights) {
    int kept = sampling.topK();
    if (kept == 0 || kept >= weights.length) {
      return;
    }
    double[] sorted = weights.clone();
    Arrays.sort(sorted);
    double least = sorted[sorted.length - kept];
    int above = 0;
    for (double weight : weights) {
      above += weight > least ? 1 : 0;
    }
    int equal = kept - above;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] < least || (weights[i] == least && equal-- <= 0)) {
        weights[i] = 0;
      }
    }
  }

  private void keepShare(double[] weights) {
    if (sampling.topP() == 1) {
      return;
    }
    double[] sorted = weights.clone();
    Arrays.sort(sorted);
    double left = sampling.topP() * Arrays.stream(weights).sum();
    double least = 0;
    int equal = 0;
    for (int i = sorted.length - 1; i >= 0 && left > 0; i--) {
      equal = sorted[i] == least ? equal + 1 : 1;
      least = sorted[i];
      left -= sorted[i];
    }
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] < least || (weights[i] == least && equal-- <= 0)) {
        weights[i] = 0;
      }
    }
  }

  private int draw(double[] weights) {
    double left = random.nextDouble() * Arrays.stream(weights).sum();
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
