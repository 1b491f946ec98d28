package io.stagecoach.model.text;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/** The 256 bytes of UTF-8 as tokens, and one that ends a document. Nothing has to be learned. */
public record ByteTokenizer() implements Tokenizer {

  static final String FORMAT = "stagecoach-bytes-1";

  /** The token that ends a document, behind those of the bytes. */
  static final int END_OF_TEXT = 256;

  private static final byte[] NOTHING = {};

  @Override
  public String toJson() {
    return StoredTokenizer.write(StoredTokenizer.of(FORMAT));
  }

  @Override
  public int size() {
    return END_OF_TEXT + 1;
  }

  @Override
  public OptionalInt endOfText() {
    return OptionalInt.of(END_OF_TEXT);
  }

  @Override
  public int[] encode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] tokens = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      tokens[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return tokens;
  }

  @Override
  public TokenDecoder decoder() {
    return new Utf8Decoder(token -> token == END_OF_TEXT ? NOTHING : new byte[] {(byte) token});
  }

  @Override
  public int bytes(int token) {
    return token == END_OF_TEXT ? 0 : 1;
  }

  @Override
  public TextCut cut() {
    return TextCut.ANYWHERE;
  }
}
