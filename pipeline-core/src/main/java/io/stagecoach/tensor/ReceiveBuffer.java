package io.stagecoach.tensor;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.util.MemoryUtil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory off the heap into which a message is put together from chunks, or narrowed, 64-byte
 * aligned so that arrays can be views of it. It counts against JavaCPP's limits, as ND4J's own
 * memory does. {@link #close()} gives it back, for the next one to use; where nobody can reach it
 * nor any array over it, the collector does.
 */
public final class ReceiveBuffer implements AutoCloseable {

  /** What the first byte's address is a multiple of. */
  static final int ALIGNMENT = 64;

  /** A ByteBuffer sees less than 2 GiB, so long memory is seen through windows of this size. */
  static final int WINDOW = 1 << 30;

  private static final MemoryShelf OF_PROCESS = MemoryShelf.ofProcess();
  private static final MemoryShelf NONE = MemoryShelf.none();

  private final long length;
  private final MemoryShelf shelf;
  private final BytePointer memory;
  private final long start;
  private boolean closed;

  private ReceiveBuffer(long length, MemoryShelf shelf) {
    this.length = length;
    this.shelf = shelf;
    this.memory = shelf.take(Math.addExact(length, ALIGNMENT));
    this.start = Math.floorMod(-memory.address(), (long) ALIGNMENT);
  }

  /** Allocates, not zeroed; the caller checks the length against its own limit first. */
  public static ReceiveBuffer allocate(long length) {
    return allocate(length, OF_PROCESS);
  }

  /** The same for what comes once, as a file does: its memory is not kept for another one. */
  public static ReceiveBuffer allocateOnce(long length) {
    return allocate(length, NONE);
  }

  private static ReceiveBuffer allocate(long length, MemoryShelf shelf) {
    if (length < 0) {
      throw new IllegalArgumentException("length " + length);
    }
    try {
      return new ReceiveBuffer(length, shelf);
    } catch (OutOfMemoryError e) {
      throw MemoryShortage.of(
          "the allocation of a message of " + length + " bytes", Where.nowhere(), e);
    }
  }

  /** How many bytes there are. */
  public long length() {
    return length;
  }

  /**
   * Copies a chunk's remaining bytes to this offset; the chunk's position is left as it is.
   *
   * @throws StagecoachException of kind PEER if it does not fit
   */
  public synchronized void put(long offset, ByteBuffer chunk) {
    int remaining = chunk.remaining();
    if (offset < 0 || offset > length - remaining) {
      throw new StagecoachException(
          ErrorKind.PEER,
          "A chunk of "
              + remaining
              + " bytes at "
              + offset
              + " is beyond the end of a message of "
              + length
              + " bytes",
          "");
    }
    int from = chunk.position();
    while (remaining > 0) {
      ByteBuffer window = view(offset, Math.min(remaining, WINDOW));
      int bytes = window.remaining();
      window.put(0, chunk, from, bytes);
      from += bytes;
      offset += bytes;
      remaining -= bytes;
    }
  }

  /** These bytes; valid until this is closed. */
  synchronized ByteBuffer view(long offset, int bytes) {
    if (offset < 0 || bytes < 0 || offset > length - bytes) {
      throw new IndexOutOfBoundsException(offset + " + " + bytes + " of " + length);
    }
    return MemoryUtil.directBuffer(address() + offset, bytes);
  }

  /** All bytes, in windows below 2 GiB; valid until this is closed. */
  List<ByteBuffer> windows() {
    List<ByteBuffer> windows = new ArrayList<>(1);
    for (long offset = 0; offset < length; offset += WINDOW) {
      windows.add(view(offset, (int) Math.min(length - offset, WINDOW)));
    }
    return windows;
  }

  /** The address of the first byte. */
  synchronized long address() {
    if (closed) {
      throw new IllegalStateException("the buffer is closed");
    }
    return memory.address() + start;
  }

  /** A pointer to this offset that keeps the memory from being collected. */
  synchronized BytePointer pointer(long offset) {
    if (closed || offset < 0 || offset > length) {
      throw new IllegalStateException("closed, or no byte " + offset + " of " + length);
    }
    return memory.getPointer(start + offset);
  }

  /** What lives exactly as long as the memory can be reached. */
  Pointer owner() {
    return memory;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      shelf.give(memory);
    }
  }
}
