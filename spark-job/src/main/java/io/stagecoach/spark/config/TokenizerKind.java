package io.stagecoach.spark.config;

/** What the tokens of a text are. */
public enum TokenizerKind {
  /** Its characters, as many as are in the text. */
  CHARACTERS("char"),
  /** The bytes of its UTF-8 form. */
  BYTES("byte"),
  /** Frequent sequences of bytes, learned from the text. */
  BYTE_PAIRS("bpe");

  private final String word;

  TokenizerKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
