package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.Serializable;
import java.util.List;

/**
 * How texts are gone on with.
 *
 * @param maxLength the most tokens that are added to a text, from 0
 * @param sampling how they are drawn; each text has draws of its own, which depend on the seed and
 *     on its place among the prompts only
 * @param stops a text ends before any of these
 */
public record GenerationSettings(int maxLength, Sampling sampling, List<String> stops)
    implements Serializable {

  public GenerationSettings {
    stops = List.copyOf(stops);
    if (maxLength < 0) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "a text of " + maxLength + " more tokens was asked for",
          "Give a whole number from 0.");
    }
  }

  /** Texts that end where the model ends them, or when they are long enough. */
  public static GenerationSettings of(int maxLength, Sampling sampling) {
    return new GenerationSettings(maxLength, sampling, List.of());
  }
}
