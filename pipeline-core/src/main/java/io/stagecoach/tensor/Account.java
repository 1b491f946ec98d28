package io.stagecoach.tensor;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ForeignAllocation;
import org.apache.arrow.memory.OutOfMemoryException;

/**
 * Counts memory that somebody else allocated under an Arrow allocator, so that one place says what
 * an owner holds, and a message that nobody closed is found when the allocator closes.
 */
final class Account {

  private final ArrowBuf counted;
  private final AtomicBoolean released = new AtomicBoolean();

  private Account(ArrowBuf counted) {
    this.counted = counted;
  }

  static Account open(BufferAllocator allocator, long address, long bytes) {
    try {
      return new Account(
          allocator.wrapForeignAllocation(
              new ForeignAllocation(bytes, address) {
                @Override
                protected void release0() {
                  // The memory is its owner's to free.
                }
              }));
    } catch (OutOfMemoryException e) {
      throw new StagecoachException(
          ErrorKind.RESOURCE,
          "The messages of "
              + allocator.getName()
              + " hold "
              + allocator.getAllocatedMemory()
              + " bytes, and another "
              + bytes
              + " are over the limit",
          Where.nowhere(),
          "Use smaller or fewer micro-batches, or raise the limit of Arrow's memory",
          e);
    }
  }

  /** Ends the counting; a second time does nothing. Says whether this was the first. */
  boolean release() {
    boolean first = released.compareAndSet(false, true);
    if (first) {
      counted.close();
    }
    return first;
  }
}
