package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.apache.spark.network.util.TransportFrameDecoder;

/**
 * Reads a frame's payload from the socket's buffers as they come, past Spark's frame decoder, which
 * would put them together first: each byte is copied once, to where it stays. The checksum behind
 * them is checked before anybody hears of them.
 */
final class PayloadReader implements TransportFrameDecoder.Interceptor {

  private final Link link;
  private final PayloadSink sink;
  private final long length;
  private final String what;
  private final CRC32C checksum = new CRC32C();
  private long read;
  private int expected;
  private int expectedBytes;
  private boolean ended;

  /**
   * @param link whose connection it reads
   * @param sink where the bytes go
   * @param length how many there are, the checksum left out
   * @param what they are, for errors
   */
  PayloadReader(Link link, PayloadSink sink, long length, String what) {
    this.link = link;
    this.sink = sink;
    this.length = length;
    this.what = what;
  }

  /** Swallows whatever still comes on a connection that is being closed. */
  static PayloadReader swallowing(Link link) {
    PayloadReader reader = new PayloadReader(link, PayloadSink.NOWHERE, Long.MAX_VALUE, "");
    reader.ended = true;
    return reader;
  }

  @Override
  public boolean handle(ByteBuf data) {
    if (ended) {
      link.progress();
      data.skipBytes(data.readableBytes());
      return true;
    }
    link.progress();
    try {
      readBytes(data);
      readChecksum(data);
      if (expectedBytes < Payload.CHECKSUM_BYTES) {
        return true;
      }
      if ((int) checksum.getValue() != expected) {
        throw RefusedException.corrupt(what);
      }
      ended = true;
      sink.complete();
      return false;
    } catch (RuntimeException | Error e) {
      end();
      link.refuse(e);
      data.skipBytes(data.readableBytes());
      return true;
    }
  }

  private void readBytes(ByteBuf data) {
    int bytes = (int) Math.min(data.readableBytes(), length - read);
    if (bytes > 0) {
      ByteBuffer chunk = data.nioBuffer(data.readerIndex(), bytes);
      checksum.update(chunk.duplicate());
      sink.put(read, chunk);
      read += bytes;
      data.skipBytes(bytes);
    }
  }

  private void readChecksum(ByteBuf data) {
    while (read == length && expectedBytes < Payload.CHECKSUM_BYTES && data.isReadable()) {
      expected = expected << 8 | data.readUnsignedByte();
      expectedBytes++;
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      sink.abort();
    }
  }

  @Override
  public void exceptionCaught(Throwable cause) {
    end();
  }

  @Override
  public void channelInactive() {
    end();
  }
}
