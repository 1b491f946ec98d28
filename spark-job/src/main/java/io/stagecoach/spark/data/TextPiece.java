package io.stagecoach.spark.data;

import io.stagecoach.model.text.Tokenizer;
import java.io.Serializable;
import java.util.Arrays;

/**
 * A piece of a document that is encoded by itself.
 *
 * @param text its characters
 * @param last whether the document ends with it
 */
record TextPiece(String text, boolean last) implements Serializable {

  /** The tokens of this piece, with the one that ends the document where there is one. */
  int[] tokens(Tokenizer tokenizer) {
    int[] tokens = tokenizer.encode(text);
    if (!last || tokenizer.endOfText().isEmpty()) {
      return tokens;
    }
    int[] ended = Arrays.copyOf(tokens, tokens.length + 1);
    ended[tokens.length] = tokenizer.endOfText().getAsInt();
    return ended;
  }
}
