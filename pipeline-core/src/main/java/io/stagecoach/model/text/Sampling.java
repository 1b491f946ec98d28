package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.Serializable;
import java.util.SplittableRandom;

/**
 * How freely tokens are drawn. The limits hold one after another: the temperature changes the
 * probabilities, {@code topK} keeps the most probable tokens, {@code topP} of these the most
 * probable ones that make up this share.
 *
 * @param temperature 1 draws as the model predicts, less is safer, more is wilder; 0 always takes
 *     the most probable token
 * @param topK how many tokens may be drawn; 0 is all
 * @param topP the share of the probability that the tokens which may be drawn make up, above 0; 1
 *     is all
 * @param seed of the draws
 */
public record Sampling(double temperature, int topK, double topP, long seed)
    implements Serializable {

  private static final long STRIDE = 0x9E3779B97F4A7C15L;

  public Sampling {
    if (!(temperature >= 0) || temperature == Double.POSITIVE_INFINITY) {
      throw refused("a temperature of " + temperature, "a finite number from 0");
    }
    if (topK < 0) {
      throw refused("the " + topK + " most probable tokens", "a whole number from 0; 0 is all");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw refused(
          "tokens of a probability of " + topP + " together", "a number above 0, at most 1");
    }
  }

  /** Every token may be drawn. */
  public static Sampling at(double temperature, long seed) {
    return new Sampling(temperature, 0, 1, seed);
  }

  /** The same for one of many texts, with draws of its own that depend on its place only. */
  Sampling of(int text) {
    // Neighbouring states of the generator give seeds that have nothing to do with each other.
    long own = new SplittableRandom(seed + text * STRIDE).nextLong();
    return new Sampling(temperature, topK, topP, own);
  }

  private static StagecoachException refused(String what, String allowed) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        "a text drawn with " + what + " was asked for",
        "Give " + allowed + ".");
  }
}
