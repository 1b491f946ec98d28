package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class BlockSumTest {

  /** So large that 1 added to it is lost. */
  private static final double LARGE = 0x1p53;

  private final INDArray scratch = Nd4j.zeros(DataType.DOUBLE, 2);
  private final INDArray sum = Nd4j.zeros(DataType.DOUBLE, 2);
  private int rooms;
  private final BlockSum blocks =
      new BlockSum(
          scratch,
          sum,
          () -> {
            rooms++;
            return sum.ulike();
          });

  private void add(int block, double value) {
    scratch.assign(value);
    blocks.add(block);
  }

  private double end() {
    blocks.end();
    assertThat(sum.getDouble(0)).isEqualTo(sum.getDouble(1));
    return sum.getDouble(0);
  }

  @Test
  void addsWithinBlocksFirst() {
    blocks.begin();
    add(0, LARGE);
    add(1, 1);
    add(1, 1);
    add(2, -LARGE);
    assertThat(end()).as("(L + (1 + 1)) − L").isEqualTo(2);
    assertThat(end()).as("asked for once more").isEqualTo(2);

    blocks.begin();
    add(0, LARGE);
    add(0, 1);
    add(0, 1);
    add(0, -LARGE);
    assertThat(end()).as("((L + 1) + 1) − L").isZero();
    assertThat(rooms).as("room for earlier blocks is made once").isOne();
  }

  @Test
  void oneBlockNeedsNoRoomAndNoneIsZero() {
    blocks.begin();
    add(3, 2);
    add(3, 5);
    assertThat(end()).isEqualTo(7);
    blocks.begin();
    assertThat(end()).isZero();
    assertThat(rooms).isZero();
  }
}
