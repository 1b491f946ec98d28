package io.stagecoach.spark.exchange;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text as somebody else wrote it. */
final class WireText {

  private WireText() {}

  /**
   * The text of these bytes, and never another one: bytes that are no UTF-8 would each become a
   * character of three, and what is read could not be written.
   *
   * @throws RefusedException for this reason, if they are not UTF-8
   */
  static String read(byte[] bytes, Refusal otherwise) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new RefusedException(otherwise, "a text that is not UTF-8", e);
    }
  }
}
