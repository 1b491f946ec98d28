package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import org.apache.spark.network.util.TransportFrameDecoder;

/**
 * Reads a frame's payload from the socket's buffers as they come, past Spark's frame decoder, which
 * would put them together first: each byte is copied once, to where it stays.
 */
final class PayloadReader implements TransportFrameDecoder.Interceptor {

  private final Link link;
  private final PayloadSink sink;
  private final long length;
  private long read;
  private boolean ended;

  PayloadReader(Link link, PayloadSink sink, long length) {
    this.link = link;
    this.sink = sink;
    this.length = length;
  }

  /** Swallows whatever still comes on a connection that is being closed. */
  static PayloadReader swallowing(Link link) {
    PayloadReader reader = new PayloadReader(link, PayloadSink.NOWHERE, Long.MAX_VALUE);
    reader.ended = true;
    return reader;
  }

  @Override
  public boolean handle(ByteBuf data) {
    if (ended) {
      data.skipBytes(data.readableBytes());
      return true;
    }
    int bytes = (int) Math.min(data.readableBytes(), length - read);
    try {
      sink.put(read, data.nioBuffer(data.readerIndex(), bytes));
      read += bytes;
      data.skipBytes(bytes);
      if (read < length) {
        return true;
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
