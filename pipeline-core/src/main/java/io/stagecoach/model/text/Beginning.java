package io.stagecoach.model.text;

import java.util.OptionalInt;

/** What a text begins with: a model predicts what follows, so that something must be there. */
final class Beginning {

  private Beginning() {}

  /**
   * The tokens of a prompt. An empty one begins where a document ends; where tokens know no such
   * place, at a new line, which is the first of the characters where it is one of them.
   */
  static int[] of(String prompt, Tokenizer tokenizer) {
    int[] tokens = tokenizer.encode(prompt);
    if (tokens.length > 0) {
      return tokens;
    }
    OptionalInt end = tokenizer.endOfText();
    if (end.isPresent()) {
      return new int[] {end.getAsInt()};
    }
    return tokenizer instanceof Vocabulary ? new int[] {0} : tokenizer.encode("\n");
  }
}
