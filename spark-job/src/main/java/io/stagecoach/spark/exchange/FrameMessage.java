package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.protocol.RequestMessage;

/**
 * A frame as Spark's transport writes it: a one-way message that holds the head, and then, outside
 * of Spark's frame and its 2 GiB, the payload.
 */
final class FrameMessage implements RequestMessage {

  /** What Spark's one-way message has before its body. */
  private static final int LENGTH_BYTES = 4;

  private final Link link;
  private final Frame frame;
  private final Payload payload;

  /** The payload may be null. */
  FrameMessage(Link link, Frame frame, Payload payload) {
    this.link = link;
    this.frame = frame;
    this.payload = payload;
  }

  @Override
  public Type type() {
    return Type.OneWayMessage;
  }

  @Override
  public int encodedLength() {
    return LENGTH_BYTES + FrameHead.bytes(frame);
  }

  /** Called on the connection's own thread, in the order of the wire: so it numbers the frames. */
  @Override
  public void encode(ByteBuf out) {
    out.writeInt(FrameHead.bytes(frame));
    link.nextHead(frame, payload == null ? 0 : payload.bytes()).write(out);
  }

  @Override
  public ManagedBuffer body() {
    return payload == null ? null : new Body(payload);
  }

  @Override
  public boolean isBodyInFrame() {
    return false;
  }

  private static final class Body extends ManagedBuffer {
    private final Payload payload;

    Body(Payload payload) {
      this.payload = payload;
    }

    @Override
    public long size() {
      return payload.count();
    }

    @Override
    public ByteBuffer nioByteBuffer() {
      throw new UnsupportedOperationException("a payload is only written");
    }

    @Override
    public InputStream createInputStream() {
      throw new UnsupportedOperationException("a payload is only written");
    }

    @Override
    public ManagedBuffer retain() {
      return this;
    }

    @Override
    public ManagedBuffer release() {
      // The payload counts its own references.
      return this;
    }

    @Override
    public Object convertToNetty() {
      return payload;
    }
  }
}
