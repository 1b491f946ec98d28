package io.stagecoach.engine.dl4j;

import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Adds up a vector in blocks: what comes within each, then the blocks' sums, in the order in which
 * blocks came.
 */
final class BlockSum {

  private static final int NONE = -1;

  private final INDArray scratch;
  private final INDArray sum;
  private final Supplier<INDArray> room;
  private INDArray earlier;
  private boolean hasEarlier;
  private int block = NONE;

  /**
   * @param scratch where what is to be added is found
   * @param sum where the sum of a block is made, and in the end that of all
   * @param room where the sum of earlier blocks is kept; asked for when a second block comes
   */
  BlockSum(INDArray scratch, INDArray sum, Supplier<INDArray> room) {
    this.scratch = scratch;
    this.sum = sum;
    this.room = room;
  }

  /** Begins anew. */
  void begin() {
    block = NONE;
    hasEarlier = false;
  }

  /** Goes on, with a part of the vector, where another sum of the whole vector is. */
  void goOn(BlockSum whole) {
    block = whole.block;
    hasEarlier = whole.hasEarlier;
  }

  /** Adds what is in the scratch. */
  void add(int toBlock) {
    if (block == toBlock) {
      sum.addi(scratch);
      return;
    }
    if (block != NONE) {
      keep();
    }
    sum.assign(scratch);
    block = toBlock;
  }

  private void keep() {
    if (hasEarlier) {
      earlier().addi(sum);
    } else {
      earlier().assign(sum);
      hasEarlier = true;
    }
  }

  /**
   * Ends: the sum of all blocks is then where it is made, or zero where none came. May be said
   * twice.
   */
  void end() {
    if (block == NONE) {
      sum.assign(0);
    } else if (hasEarlier) {
      // a + b is b + a, also where it is rounded.
      sum.addi(earlier());
      hasEarlier = false;
    }
  }

  private INDArray earlier() {
    if (earlier == null) {
      earlier = room.get();
    }
    return earlier;
  }
}
