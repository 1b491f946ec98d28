package io.stagecoach.model.text;

import java.util.Arrays;

/** Which number belongs to a pair of tokens: a hash table of primitives, filled once. */
final class PairTable {

  private static final long NONE = -1;

  private final long[] keys;
  private final int[] values;
  private final int mask;

  /**
   * @param pairs how many there will be at most
   */
  PairTable(int pairs) {
    int room = Integer.highestOneBit(Math.max(8, 2 * pairs)) * 2;
    this.keys = new long[room];
    this.values = new int[room];
    this.mask = room - 1;
    Arrays.fill(keys, NONE);
  }

  /** A pair of tokens as one number, in the order of the pairs. */
  static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  /** Whether the pair was not there before; else nothing is changed. */
  boolean put(int left, int right, int value) {
    int slot = slot(key(left, right));
    if (keys[slot] != NONE) {
      return false;
    }
    keys[slot] = key(left, right);
    values[slot] = value;
    return true;
  }

  /** The number of a pair, or -1. */
  int get(int left, int right) {
    int slot = slot(key(left, right));
    return keys[slot] == NONE ? -1 : values[slot];
  }

  private int slot(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L;
    int slot = (int) (mixed >>> 32) & mask;
    while (keys[slot] != NONE && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
