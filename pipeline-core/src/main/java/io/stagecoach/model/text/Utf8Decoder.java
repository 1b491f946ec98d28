package io.stagecoach.model.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;

/** Decodes tokens that are bytes of UTF-8. */
final class Utf8Decoder implements TokenDecoder {

  private final IntFunction<byte[]> bytes;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private ByteBuffer pending = ByteBuffer.allocate(0);

  /**
   * @param bytes the bytes of each token
   */
  Utf8Decoder(IntFunction<byte[]> bytes) {
    this.bytes = bytes;
  }

  @Override
  public String next(int token) {
    byte[] more = bytes.apply(token);
    ByteBuffer all = ByteBuffer.allocate(pending.remaining() + more.length);
    all.put(pending).put(more).flip();
    CharBuffer text = CharBuffer.allocate(all.remaining() + 1);
    decoder.decode(all, text, false);
    pending = all;
    return text.flip().toString();
  }

  @Override
  public String end() {
    CharBuffer text = CharBuffer.allocate(pending.remaining() + 1);
    decoder.decode(pending, text, true);
    decoder.flush(text);
    decoder.reset();
    pending = ByteBuffer.allocate(0);
    return text.flip().toString();
  }
}
