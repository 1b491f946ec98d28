package io.stagecoach.engine.profile;

import java.io.Serializable;

/**
 * The memory that an executor has, in bytes.
 *
 * @param executor Spark's id of it
 * @param host its host, as Spark names it
 * @param heap the most of Java's heap
 * @param offHeap what ND4J may allocate off the heap
 * @param device that of its GPU; 0 where it computes on the CPU
 */
public record DeviceRoom(String executor, String host, long heap, long offHeap, long device)
    implements Serializable {

  /** An estimate of a stage leaves out up to a quarter of it (docs/sizing.md). */
  private static final double LEFT_OUT = 1.25;

  public DeviceRoom {
    if (heap < 1 || offHeap < 1 || device < 0) {
      throw new IllegalArgumentException(heap + ", " + offHeap + " and " + device + " bytes");
    }
  }

  /** What stages may take of it by their estimates: of the memory that their arrays are in. */
  public long forStages() {
    return (long) ((device > 0 ? device : offHeap) / LEFT_OUT);
  }
}
