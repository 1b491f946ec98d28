package io.stagecoach.model.text;

import java.io.Serializable;
import java.util.OptionalInt;

/**
 * Turns a text into tokens, each a number from 0 to {@link #size()}, and tokens into text.
 * Immutable, and may be used by several threads.
 *
 * <p>The text of the tokens of a text is that text, where every character has a token: always for
 * bytes and byte pairs, for characters where the vocabulary has them. Lone surrogates of a {@code
 * String} are no characters; bytes and byte pairs read them as question marks.
 */
public sealed interface Tokenizer extends Serializable
    permits ByteTokenizer, BytePairTokenizer, Vocabulary {

  /** What {@link #toJson} wrote, of whichever tokenizer. */
  static Tokenizer fromJson(String json) {
    return StoredTokenizer.parse(json);
  }

  /** The tokenizer as JSON text, with its kind and version in a field {@code format}. */
  String toJson();

  /** How many tokens there are. */
  int size();

  /**
   * The token that ends a document, where there is one. It has no text, and no text encodes to it.
   */
  OptionalInt endOfText();

  /**
   * The tokens of a text.
   *
   * @throws io.stagecoach.error.StagecoachException of kind {@code DATA} where a character has none
   */
  int[] encode(String text);

  /** A decoder at the beginning of a text, for tokens that come one by one. */
  TokenDecoder decoder();

  /** The text of tokens; bytes that make no character become U+FFFD. */
  default String decode(int... tokens) {
    TokenDecoder decoder = decoder();
    StringBuilder text = new StringBuilder(2 * tokens.length);
    for (int token : tokens) {
      text.append(decoder.next(token));
    }
    return text.append(decoder.end()).toString();
  }

  /** How many bytes of UTF-8 a token stands for. */
  int bytes(int token);

  /**
   * Where a text may be cut so that its parts, encoded one by one, have the tokens of the whole.
   */
  TextCut cut();
}
