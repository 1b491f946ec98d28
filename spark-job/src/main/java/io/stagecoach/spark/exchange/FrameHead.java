package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import io.stagecoach.stage.Hop;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The binary head of a frame, big-endian: magic (4 bytes), version (1), type (1), run (16), the
 * frame's number on its connection and direction (8), bytes of payload (8), what the type adds, and
 * the CRC32C of all that (4). A payload is followed by a CRC32C of its own.
 *
 * @param run the run
 * @param number counts the frames of one connection and direction from 0
 * @param payload how many bytes follow the head
 * @param frame what the type adds
 */
record FrameHead(UUID run, long number, long payload, Frame frame) {

  static final int MAGIC = 0x53544743;
  static final byte VERSION = 2;

  /** No head is longer. */
  static final int MAX_BYTES = 512;

  private static final int CHECKSUM_BYTES = 4;

  /** Magic and version. */
  private static final int START_BYTES = 5;

  private static final int FIXED_BYTES = 38 + CHECKSUM_BYTES;
  private static final int MAX_KIND_BYTES = 255;
  private static final byte LANE = 1;
  private static final byte HOP = 2;
  private static final byte CREDIT = 3;
  private static final byte MESSAGE = 4;
  private static final byte GOODBYE = 5;
  private static final byte ACTIVATIONS = 0;
  private static final byte GRADIENTS = 1;

  /** How many bytes the head of this frame has. */
  static int bytes(Frame frame) {
    int added = 0;
    if (frame instanceof Frame.Lane) {
      added = 16;
    } else if (frame instanceof Frame.Hop) {
      added = 25;
    } else if (frame instanceof Frame.Credit) {
      added = 9;
    } else if (frame instanceof Frame.Message message) {
      added = 5 + kind(message).length;
    }
    return FIXED_BYTES + added;
  }

  void write(ByteBuf out) {
    int start = out.writerIndex();
    out.writeInt(MAGIC);
    out.writeByte(VERSION);
    out.writeByte(type());
    out.writeLong(run.getMostSignificantBits());
    out.writeLong(run.getLeastSignificantBits());
    out.writeLong(number);
    out.writeLong(payload);
    if (frame instanceof Frame.Lane lane) {
      out.writeLong(lane.epoch());
      out.writeInt(lane.from());
      out.writeInt(lane.to());
    } else if (frame instanceof Frame.Hop carried) {
      Hop hop = carried.hop();
      out.writeLong(hop.step());
      out.writeInt(hop.attempt());
      out.writeByte(code(hop.kind()));
      out.writeInt(hop.microBatch());
      out.writeInt(hop.from());
      out.writeInt(hop.to());
    } else if (frame instanceof Frame.Credit credit) {
      out.writeByte(code(credit.kind()));
      out.writeLong(credit.total());
    } else if (frame instanceof Frame.Message message) {
      byte[] kind = kind(message);
      out.writeByte(kind.length);
      out.writeBytes(kind);
      out.writeInt(message.bodyBytes());
    }
    out.writeInt(checksum(out.nioBuffer(start, out.writerIndex() - start)));
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    return (int) checksum.getValue();
  }

  private byte type() {
    if (frame instanceof Frame.Lane) {
      return LANE;
    } else if (frame instanceof Frame.Hop) {
      return HOP;
    } else if (frame instanceof Frame.Credit) {
      return CREDIT;
    } else if (frame instanceof Frame.Message) {
      return MESSAGE;
    }
    return GOODBYE;
  }

  private static byte[] kind(Frame.Message message) {
    byte[] kind = message.kind().getBytes(StandardCharsets.UTF_8);
    if (kind.length > MAX_KIND_BYTES) {
      throw new IllegalArgumentException("a kind of " + kind.length + " bytes");
    }
    return kind;
  }

  /** Reads a whole head; whatever is not one is refused. */
  static FrameHead read(ByteBuffer in) {
    if (in.remaining() > MAX_BYTES) {
      throw new RefusedException(
          Refusal.TOO_LARGE, "a frame's head of " + in.remaining() + " bytes");
    }
    try {
      int magic = in.getInt();
      byte version = in.get();
      if (magic != MAGIC || version != VERSION) {
        throw malformed("a frame that begins with " + Integer.toHexString(magic) + " " + version);
      }
      checkSum(in);
      byte type = in.get();
      UUID run = new UUID(in.getLong(), in.getLong());
      long number = in.getLong();
      long payload = in.getLong();
      Frame frame = frame(type, in);
      boolean mayCarry = frame instanceof Frame.Hop || frame instanceof Frame.Message;
      if (payload < 0 || (payload > 0 && !mayCarry)) {
        throw malformed("a payload of " + payload + " bytes");
      }
      if (frame instanceof Frame.Message message
          && (message.bodyBytes() < 0 || message.bodyBytes() > payload)) {
        throw malformed("a body of " + message.bodyBytes() + " bytes in " + payload);
      }
      if (in.hasRemaining()) {
        throw malformed("a frame's head with " + in.remaining() + " bytes too many");
      }
      return new FrameHead(run, number, payload, frame);
    } catch (BufferUnderflowException e) {
      throw new RefusedException(Refusal.MALFORMED, "a frame's head that is cut off", e);
    }
  }

  /** Checks the last bytes, and takes them away. */
  private static void checkSum(ByteBuffer in) {
    int end = in.limit() - CHECKSUM_BYTES;
    if (end < in.position()) {
      throw new BufferUnderflowException();
    }
    int expected = in.getInt(end);
    in.limit(end);
    if (checksum(in.duplicate().position(in.position() - START_BYTES)) != expected) {
      throw RefusedException.corrupt("a frame's head of " + (end + CHECKSUM_BYTES) + " bytes");
    }
  }

  private static Frame frame(byte type, ByteBuffer in) {
    return switch (type) {
      case LANE -> new Frame.Lane(in.getLong(), in.getInt(), in.getInt());
      case HOP -> new Frame.Hop(hop(in));
      case CREDIT -> new Frame.Credit(hopKind(in.get()), in.getLong());
      case MESSAGE -> message(in);
      case GOODBYE -> new Frame.Goodbye();
      default -> throw malformed("a frame of type " + type);
    };
  }

  private static Hop hop(ByteBuffer in) {
    return new Hop(
        in.getLong(), in.getInt(), hopKind(in.get()), in.getInt(), in.getInt(), in.getInt());
  }

  private static byte code(Hop.Kind kind) {
    return switch (kind) {
      case ACTIVATIONS -> ACTIVATIONS;
      case GRADIENTS -> GRADIENTS;
    };
  }

  private static Hop.Kind hopKind(byte code) {
    return switch (code) {
      case ACTIVATIONS -> Hop.Kind.ACTIVATIONS;
      case GRADIENTS -> Hop.Kind.GRADIENTS;
      default -> throw malformed("a hop of kind " + code);
    };
  }

  private static Frame.Message message(ByteBuffer in) {
    byte[] kind = new byte[Byte.toUnsignedInt(in.get())];
    in.get(kind);
    return new Frame.Message(WireText.read(kind, Refusal.MALFORMED), in.getInt());
  }

  private static RefusedException malformed(String what) {
    return new RefusedException(Refusal.MALFORMED, what);
  }
}
