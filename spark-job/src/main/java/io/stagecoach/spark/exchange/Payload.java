package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.EncodedTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.network.util.AbstractFileRegion;

/**
 * A frame's payload on its way out: written to the socket from where it is, without a copy, and of
 * any length. The tensors are closed when it is out, or will never be.
 */
final class Payload extends AbstractFileRegion {

  /** The JDK copies a heap buffer, whole, to one off the heap that it keeps for the thread. */
  private static final int HEAP_WRITE_BYTES = 256 << 10;

  /** Linux takes at most this many buffers in one write. */
  private static final int MAX_BUFFERS = 1024;

  private final List<ByteBuffer> parts;
  private final Runnable release;
  private final long count;
  private int part;
  private long transferred;

  private Payload(List<ByteBuffer> parts, Runnable release) {
    this.parts = parts;
    this.release = release;
    this.count = parts.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  /** Encoded tensors, which it owns. */
  static Payload of(EncodedTensors tensors) {
    return new Payload(tensors.parts(), tensors::close);
  }

  /** A body and encoded tensors, which it owns. */
  static Payload of(byte[] body, EncodedTensors tensors) {
    List<ByteBuffer> parts = new ArrayList<>();
    parts.add(ByteBuffer.wrap(body));
    parts.addAll(tensors.parts());
    return new Payload(parts, tensors::close);
  }

  /** A body. */
  static Payload of(byte[] body) {
    return new Payload(List.of(ByteBuffer.wrap(body)), () -> {});
  }

  @Override
  public long position() {
    return 0;
  }

  @Override
  public long transferred() {
    return transferred;
  }

  @Override
  public long count() {
    return count;
  }

  @Override
  public long transferTo(WritableByteChannel target, long position) throws IOException {
    if (position != transferred) {
      throw new IOException("asked for byte " + position + " after byte " + transferred);
    }
    long written = write(target);
    transferred += written;
    return written;
  }

  private long write(WritableByteChannel target) throws IOException {
    while (part < parts.size() && !parts.get(part).hasRemaining()) {
      part++;
    }
    if (part == parts.size()) {
      return 0;
    }
    if (target instanceof GatheringByteChannel gathering && parts.size() - part > 1) {
      ByteBuffer[] rest =
          parts
              .subList(part, Math.min(parts.size(), part + MAX_BUFFERS))
              .toArray(ByteBuffer[]::new);
      return gathering.write(rest);
    }
    return writeOne(target, parts.get(part));
  }

  private static long writeOne(WritableByteChannel target, ByteBuffer buffer) throws IOException {
    if (buffer.isDirect() || buffer.remaining() <= HEAP_WRITE_BYTES) {
      return target.write(buffer);
    }
    int end = buffer.limit();
    buffer.limit(buffer.position() + HEAP_WRITE_BYTES);
    try {
      return target.write(buffer);
    } finally {
      buffer.limit(end);
    }
  }

  /** Gives the tensors back; a second time does nothing. */
  void end() {
    release.run();
  }

  @Override
  protected void deallocate() {
    end();
  }
}
