package io.stagecoach.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;

class MemoryShelfTest {

  private static final long BYTES = 100_000;

  private final MemoryShelf shelf = new MemoryShelf(1 << 20);

  @Test
  void memoryIsUsedAgain() {
    BytePointer first = shelf.take(BYTES);
    shelf.give(first);
    assertEquals(first.capacity(), shelf.idleBytes());
    BytePointer second = shelf.take(BYTES - 1);
    assertSame(first, second);
    assertEquals(0, shelf.idleBytes());
    BytePointer third = shelf.take(BYTES);
    assertNotEquals(second.address(), third.address());
    second.deallocate();
    third.deallocate();
  }

  @Test
  void otherLengthsAndSmallOnesAreNewMemory() {
    BytePointer large = shelf.take(BYTES);
    shelf.give(large);
    BytePointer larger = shelf.take(2 * BYTES);
    assertTrue(larger.capacity() >= 2 * BYTES);
    shelf.give(larger);
    BytePointer small = shelf.take(100);
    assertEquals(100, small.capacity());
    long idle = shelf.idleBytes();
    shelf.give(small);
    assertTrue(small.isNull());
    assertEquals(idle, shelf.idleBytes());
  }

  @Test
  void whatIsNotKeptIsNoLongerThanAskedFor() {
    BytePointer once = MemoryShelf.none().take(BYTES);
    assertEquals(BYTES, once.capacity());
    MemoryShelf.none().give(once);
    assertTrue(once.isNull());
  }

  @Test
  void whatIsOverTheBoundGoesBackToTheSystem() {
    BytePointer[] blocks = new BytePointer[11];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = shelf.take(BYTES);
    }
    for (BytePointer block : blocks) {
      shelf.give(block);
    }
    long length = MemoryShelf.blockLength(BYTES);
    int kept = (int) ((1 << 20) / length);
    assertEquals(kept * length, shelf.idleBytes());
    assertEquals(
        blocks.length - kept, Arrays.stream(blocks).filter(block -> block.isNull()).count());
  }

  @Test
  void collectionTakesWhatIsIdle() throws InterruptedException {
    long length = MemoryShelf.blockLength(BYTES);
    MemoryShelf forOne = new MemoryShelf(length);
    forOne.give(forOne.take(BYTES));
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    boolean kept = false;
    while (!kept && System.nanoTime() < end) {
      System.gc();
      Thread.sleep(20);
      BytePointer other = new BytePointer(length);
      forOne.give(other);
      // There is room for it only where the first one is gone.
      kept = !other.isNull();
    }
    assertTrue(kept, "the first one is still held");
  }

  @Property
  void aBlockIsAtMostAnEighthTooLong(@ForAll @LongRange(max = 1L << 40) long bytes) {
    long length = MemoryShelf.blockLength(bytes);
    assertTrue(length >= bytes && length - bytes <= bytes / 8, bytes + " in " + length);
    assertEquals(length, MemoryShelf.blockLength(length));
  }
}
