package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Where everything is in a message of given tensors. The head (the schema message and the record
 * batch's metadata) depends on names, types and shapes only, except for the micro-batch's id, which
 * is text of fixed width in the schema's metadata: so the head is made, or read and checked, once
 * per set of shapes.
 *
 * <pre>
 *   | schema message | record batch metadata | body: one 64-byte aligned buffer per tensor | end |
 *   0                                        head.length                        end - 8    end
 * </pre>
 */
final class MessageLayout {

  /** The schema metadata key of the micro-batch's id. */
  static final String ID_KEY = "stagecoach.micro_batch";

  /** The schema metadata key of the format's version. */
  static final String VERSION_KEY = "stagecoach.format";

  /** The format's version. */
  static final String VERSION = "1";

  /** The width of the id's text: a sign and 19 digits. */
  static final int ID_WIDTH = 20;

  /** The most bytes that a head may have. */
  static final int MAX_HEAD = 4 << 20;

  /** The most tensors that a message may have. */
  static final int MAX_TENSORS = 4096;

  /** The most bytes that a tensor's name may have. */
  static final int MAX_NAME = 256;

  /** Where a tensor's bytes are, counted from the message's first byte. */
  record Body(long offset, long length) {}

  private final List<TensorSpec> specs;
  private final List<Body> bodies;
  private final byte[] head;
  private final int idOffset;
  private final long length;

  /**
   * @param head the head, with any id
   * @param idOffset where in the head the id's text is
   * @param length the whole message's length
   */
  MessageLayout(List<TensorSpec> specs, List<Body> bodies, byte[] head, int idOffset, long length) {
    this.specs = List.copyOf(specs);
    this.bodies = List.copyOf(bodies);
    this.head = head;
    this.idOffset = idOffset;
    this.length = length;
  }

  List<TensorSpec> specs() {
    return specs;
  }

  List<Body> bodies() {
    return bodies;
  }

  int headLength() {
    return head.length;
  }

  long length() {
    return length;
  }

  /** The head of the message with this id. */
  ByteBuffer head(long microBatch) {
    byte[] copy = head.clone();
    byte[] id = idText(microBatch);
    System.arraycopy(id, 0, copy, idOffset, ID_WIDTH);
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether this is the head of a message of this layout, whatever its id. */
  boolean isHead(ByteBuffer candidate) {
    int afterId = idOffset + ID_WIDTH;
    ByteBuffer mine = ByteBuffer.wrap(head);
    return candidate.remaining() == head.length
        && candidate.slice(0, idOffset).equals(mine.slice(0, idOffset))
        && candidate
            .slice(afterId, head.length - afterId)
            .equals(mine.slice(afterId, head.length - afterId));
  }

  /**
   * The id in a head of this layout.
   *
   * @throws IllegalArgumentException if it is not a number
   */
  long id(ByteBuffer candidate) {
    byte[] text = new byte[ID_WIDTH];
    candidate.get(idOffset, text);
    return parseId(text);
  }

  /** The id as text of fixed width. */
  static byte[] idText(long id) {
    byte[] text = new byte[ID_WIDTH];
    text[0] = (byte) (id < 0 ? '-' : '+');
    long rest = id;
    for (int i = ID_WIDTH - 1; i > 0; i--) {
      text[i] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    }
    return text;
  }

  private static long parseId(byte[] text) {
    return Long.parseLong(new String(text, StandardCharsets.US_ASCII));
  }
}
