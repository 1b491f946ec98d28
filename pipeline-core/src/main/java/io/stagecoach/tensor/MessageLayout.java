package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/**
 * Where everything is in a message of given tensors. The head (the schema message and the record
 * batch's metadata) depends on names, types and shapes only, except for the micro-batch's id and
 * the exponents of narrowed tensors, which are texts of fixed width in the metadata: so the head is
 * made, or read and checked, once per set of shapes.
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

  /** The width of an exponent's text: a sign and three digits. */
  static final int EXPONENT_WIDTH = 4;

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
  private final Text id;
  private final List<Optional<Text>> exponents;
  private final List<Text> texts;
  private final long length;

  /** A number's text in the head. */
  record Text(int offset, int width) {

    int end() {
      return offset + width;
    }

    /** Writes the number: a sign and as many digits as there is room for. */
    void write(long number, byte[] to) {
      to[offset] = (byte) (number < 0 ? '-' : '+');
      long rest = number;
      for (int i = end() - 1; i > offset; i--) {
        to[i] = (byte) ('0' + Math.abs(rest % 10));
        rest /= 10;
      }
    }

    /** Reads it, or throws NumberFormatException. */
    long read(ByteBuffer from) {
      byte[] text = new byte[width];
      from.get(offset, text);
      return Long.parseLong(new String(text, StandardCharsets.US_ASCII));
    }
  }

  /**
   * @param head the head, with any id
   * @param id where in the head the id's text is
   * @param exponents where in the head that of each tensor's exponent is, for those that have one
   * @param length the whole message's length
   */
  MessageLayout(
      List<TensorSpec> specs,
      List<Body> bodies,
      byte[] head,
      Text id,
      List<Optional<Text>> exponents,
      long length) {
    this.specs = List.copyOf(specs);
    this.bodies = List.copyOf(bodies);
    this.head = head;
    this.id = id;
    this.exponents = List.copyOf(exponents);
    this.texts =
        Stream.concat(Stream.of(id), exponents.stream().flatMap(Optional::stream))
            .sorted(Comparator.comparingInt(Text::offset))
            .toList();
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

  /**
   * The head of the message with this id.
   *
   * @param exponentOf the exponent of a tensor, by its index; asked of those that have one
   */
  ByteBuffer head(long microBatch, IntUnaryOperator exponentOf) {
    byte[] copy = head.clone();
    id.write(microBatch, copy);
    for (int i = 0; i < exponents.size(); i++) {
      if (exponents.get(i).isPresent()) {
        exponents.get(i).get().write(exponentOf.applyAsInt(i), copy);
      }
    }
    return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether this is the head of a message of this layout, whatever its id and exponents. */
  boolean isHead(ByteBuffer candidate) {
    if (candidate.remaining() != head.length) {
      return false;
    }
    int from = 0;
    for (Text text : texts) {
      if (!isSame(candidate, from, text.offset())) {
        return false;
      }
      from = text.end();
    }
    return isSame(candidate, from, head.length);
  }

  private boolean isSame(ByteBuffer candidate, int from, int to) {
    // Texts overlap in the heads of those who wish harm only.
    int count = Math.max(0, to - from);
    return candidate.slice(from, count).equals(ByteBuffer.wrap(head, from, count));
  }

  /**
   * The id in a head of this layout.
   *
   * @throws IllegalArgumentException if it is not a number
   */
  long id(ByteBuffer candidate) {
    return id.read(candidate);
  }

  /**
   * The exponent of a tensor that has one, in a head of this layout.
   *
   * @throws IllegalArgumentException if it is not a number
   */
  int exponent(ByteBuffer candidate, int tensor) {
    return (int) exponents.get(tensor).orElseThrow().read(candidate);
  }
}
