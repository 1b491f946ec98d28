package io.stagecoach.spark.data;

import java.util.Map;
import java.util.Optional;

/**
 * How large a text is.
 *
 * @param tokens its tokens, with those that end documents
 * @param leftOver tokens at its end that are of no example, being fewer than one has
 * @param validationTokens tokens that the validation examples have as labels
 * @param validationBytes bytes of UTF-8 that these tokens stand for
 */
public record TextFigures(long tokens, long leftOver, long validationTokens, long validationBytes) {

  private static final String TOKENS = "tokens";
  private static final String LEFT_OVER = "tokens_left_over";
  private static final String VALIDATION_TOKENS = "validation_tokens";
  private static final String VALIDATION_BYTES = "validation_bytes";

  /**
   * What a loss is for each byte, in bits: comparable between tokenizers, as the loss is not.
   *
   * @param lossPerToken the mean loss of the validation examples, in nats
   */
  public double bitsPerByte(double lossPerToken) {
    return lossPerToken * validationTokens / validationBytes / Math.log(2);
  }

  /** Writes these figures among the texts of a store's manifest. */
  void put(Map<String, String> texts) {
    texts.put(TOKENS, String.valueOf(tokens));
    texts.put(LEFT_OVER, String.valueOf(leftOver));
    texts.put(VALIDATION_TOKENS, String.valueOf(validationTokens));
    texts.put(VALIDATION_BYTES, String.valueOf(validationBytes));
  }

  /** What {@link #put} wrote, if it did. */
  static Optional<TextFigures> find(Map<String, String> texts) {
    if (!texts.containsKey(TOKENS)) {
      return Optional.empty();
    }
    return Optional.of(
        new TextFigures(
            Long.parseLong(texts.get(TOKENS)),
            Long.parseLong(texts.get(LEFT_OVER)),
            Long.parseLong(texts.get(VALIDATION_TOKENS)),
            Long.parseLong(texts.get(VALIDATION_BYTES))));
  }
}
