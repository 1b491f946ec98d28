package io.stagecoach.tensor;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory of messages that waits to be used again. A step's messages are as long as those of the
 * step before; memory that is new to the process has to be cleared by the system page by page,
 * which takes longer than to receive what goes into it.
 *
 * <p>What lies here is held weakly: where memory is short, JavaCPP asks for a collection, which
 * takes it away. Thread-safe.
 */
final class MemoryShelf {

  /** Below that the C library has memory at hand. */
  static final long SMALLEST = 64 << 10;

  /** A block is longer than what is asked for by at most one in so many. */
  private static final int STEPS_PER_DOUBLING = 8;

  /** What of JavaCPP's limit may lie here. */
  private static final double MOST_IDLE = 0.25;

  /**
   * What of JavaCPP's limit may be taken, idle memory with it, for more to be laid here: the rest
   * is for what comes later in a step. A collection that makes room takes a tenth of a second.
   */
  private static final double MOST_TAKEN = 0.5;

  /** No number, as floats and halves. */
  private static final int POISON = 0xff;

  private final Map<Long, Deque<WeakReference<BytePointer>>> shelves = new HashMap<>();
  private final long mostIdle;
  private long idle;

  /**
   * @param mostIdle how many bytes may lie here
   */
  MemoryShelf(long mostIdle) {
    this.mostIdle = mostIdle;
  }

  /** One for the process, whose memory has one limit. */
  static MemoryShelf ofProcess() {
    long limit = Pointer.maxBytes();
    return new MemoryShelf(limit > 0 ? (long) (MOST_IDLE * limit) : Long.MAX_VALUE);
  }

  /** The length of the block that so many bytes are taken from. */
  static long blockLength(long bytes) {
    if (bytes < SMALLEST) {
      return bytes;
    }
    long step = Long.highestOneBit(bytes) / STEPS_PER_DOUBLING;
    return Math.addExact(bytes, step - 1) / step * step;
  }

  /** One where nothing is kept. */
  static MemoryShelf none() {
    return new MemoryShelf(0);
  }

  /**
   * A block of at least so many bytes, from here where there is one; not cleared.
   *
   * @throws OutOfMemoryError as JavaCPP does
   */
  BytePointer take(long bytes) {
    // What is too long to be kept need not be of a length that others ask for, too.
    long length = bytes > mostIdle ? bytes : blockLength(bytes);
    BytePointer found = find(length);
    return found == null ? new BytePointer(length) : found;
  }

  private synchronized BytePointer find(long length) {
    Deque<WeakReference<BytePointer>> shelf = shelves.get(length);
    if (shelf == null) {
      return null;
    }
    while (!shelf.isEmpty()) {
      // The one that was used last is the one that the caches may still have.
      BytePointer block = shelf.pop().get();
      idle -= length;
      if (block != null) {
        return block;
      }
    }
    shelves.remove(length);
    return null;
  }

  /** Takes a block that nobody uses any more: lays it here, or gives it back to the system. */
  void give(BytePointer block) {
    long length = block.capacity();
    if (length < SMALLEST || !keep(block, length)) {
      block.deallocate();
    }
  }

  private synchronized boolean keep(BytePointer block, long length) {
    if (idle + length > mostIdle) {
      forgetCollected();
    }
    if (idle + length > mostIdle || isNearLimit()) {
      return false;
    }
    assert poisoned(block, length);
    shelves.computeIfAbsent(length, key -> new ArrayDeque<>()).push(new WeakReference<>(block));
    idle += length;
    return true;
  }

  private void forgetCollected() {
    shelves.forEach(
        (length, shelf) -> {
          int before = shelf.size();
          shelf.removeIf(block -> block.get() == null);
          idle -= length * (before - shelf.size());
        });
    shelves.values().removeIf(Deque::isEmpty);
  }

  private static boolean isNearLimit() {
    long limit = Pointer.maxBytes();
    return limit > 0 && Pointer.totalBytes() > MOST_TAKEN * limit;
  }

  /** So that tests see who still reads what is given back. */
  private static boolean poisoned(BytePointer block, long length) {
    Pointer.memset(block, POISON, length);
    return true;
  }

  /** How many bytes lie here, less those that were collected where that is known already. */
  synchronized long idleBytes() {
    return idle;
  }
}
