package io.stagecoach.spark.exchange;

import io.stagecoach.tensor.EncodedTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.spark.network.util.AbstractFileRegion;

/**
 * A frame's payload on its way out: written to the socket from where it is, without a copy, and of
 * any length; behind it its CRC32C (4 bytes, big-endian). The tensors are closed when it is out, or
 * will never be.
 */
final class Payload extends AbstractFileRegion {

  /** What follows the bytes: their checksum. */
  static final int CHECKSUM_BYTES = 4;

  /** The JDK copies a heap buffer, whole, to one off the heap that it keeps for the thread. */
  private static final int HEAP_WRITE_BYTES = 256 << 10;

  /** Linux takes at most this many buffers in one write. */
  private static final int MAX_BUFFERS = 1024;

  /** How far the checksum is ahead of the socket: one write, still in the cache when it is made. */
  private static final int WINDOW_BYTES = 1 << 20;

  private final List<ByteBuffer> parts;
  private final Runnable release;
  private final long bytes;
  private final CRC32C checksum = new CRC32C();
  private final List<ByteBuffer> window = new ArrayList<>();
  private int part;
  private int inWindow;
  private boolean summed;
  private long transferred;

  private Payload(List<ByteBuffer> parts, Runnable release) {
    this.parts = parts;
    this.release = release;
    this.bytes = parts.stream().mapToLong(ByteBuffer::remaining).sum();
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

  /** How many bytes there are, the checksum left out. */
  long bytes() {
    return bytes;
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
    return bytes + CHECKSUM_BYTES;
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
    while (inWindow < window.size() && !window.get(inWindow).hasRemaining()) {
      inWindow++;
    }
    if (inWindow == window.size()) {
      if (summed) {
        return 0;
      }
      nextWindow();
    }
    if (target instanceof GatheringByteChannel gathering && window.size() - inWindow > 1) {
      return gathering.write(window.subList(inWindow, window.size()).toArray(ByteBuffer[]::new));
    }
    return writeOne(target, window.get(inWindow));
  }

  /** Sums what is written next, and the sum with the last of it. */
  private void nextWindow() {
    window.clear();
    inWindow = 0;
    int room = WINDOW_BYTES;
    while (room > 0 && part < parts.size() && window.size() < MAX_BUFFERS - 1) {
      ByteBuffer from = parts.get(part);
      int taken = Math.min(room, from.remaining());
      ByteBuffer slice = from.slice(from.position(), taken);
      checksum.update(slice.duplicate());
      window.add(slice);
      from.position(from.position() + taken);
      room -= taken;
      if (!from.hasRemaining()) {
        part++;
      }
    }
    if (part == parts.size()) {
      summed = true;
      window.add(ByteBuffer.allocate(CHECKSUM_BYTES).putInt((int) checksum.getValue()).flip());
    }
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
