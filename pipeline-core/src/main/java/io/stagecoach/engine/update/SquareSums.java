package io.stagecoach.engine.update;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Sums of the squares of neighbouring elements: norms, and whether all elements are finite.
 * Additions follow one another in an order that is a function of the number of elements alone, so
 * that neither threads nor the width of the processor's registers change a bit, and in so many
 * lanes that large tensors lose no more than small ones. One thread calls it.
 */
public final class SquareSums {

  /** Elements side by side; each lane is a sum of its own. */
  private static final int LANES = 256;

  /** How many 32 bit squares a lane adds up before it is added to a 64 bit sum. */
  private static final int ADDENDS = 16;

  private final INDArray flat;
  private final Summing summing;

  /** The way for a type of numbers, in a memory. */
  private interface Summing {
    double of(long offset, long length);
  }

  /**
   * @param flat dense, rank 1, live
   */
  public SquareSums(INDArray flat) {
    this.flat = flat;
    if (!FlatVector.reaches(flat)) {
      this.summing = this::byNd4j;
    } else if (flat.dataType() == DataType.FLOAT) {
      this.summing = new Singles(FlatVector.of(flat));
    } else {
      this.summing = new Doubles(FlatVector.of(flat));
    }
  }

  /** The sum of the squares of some elements; NaN or infinite where one of them is. */
  public double of(long offset, long length) {
    return summing.of(offset, length);
  }

  /** Of memory that only its device reaches. */
  private double byNd4j(long offset, long length) {
    double norm =
        flat.get(NDArrayIndex.interval(offset, offset + length)).norm2Number().doubleValue();
    return norm * norm;
  }

  private static final class Singles implements Summing {

    private final FlatVector flat;
    private final float[] piece = new float[LANES];
    private final float[] lanes = new float[LANES];

    Singles(FlatVector flat) {
      this.flat = flat;
    }

    @Override
    public double of(long offset, long length) {
      double sum = 0;
      int addends = 0;
      for (long done = 0; done < length; done += LANES) {
        int count = (int) Math.min(LANES, length - done);
        flat.read(offset + done, piece, count);
        add(count);
        addends++;
        if (addends == ADDENDS) {
          sum = drain(sum);
          addends = 0;
        }
      }
      return drain(sum);
    }

    private void add(int count) {
      for (int i = 0; i < count; i++) {
        lanes[i] = lanes[i] + piece[i] * piece[i];
      }
    }

    private double drain(double before) {
      double sum = before;
      for (int i = 0; i < LANES; i++) {
        sum += lanes[i];
        lanes[i] = 0;
      }
      return sum;
    }
  }

  private static final class Doubles implements Summing {

    private final FlatVector flat;
    private final double[] piece = new double[LANES];
    private final double[] lanes = new double[LANES];

    Doubles(FlatVector flat) {
      this.flat = flat;
    }

    @Override
    public double of(long offset, long length) {
      for (long done = 0; done < length; done += LANES) {
        int count = (int) Math.min(LANES, length - done);
        flat.read(offset + done, piece, count);
        for (int i = 0; i < count; i++) {
          lanes[i] = lanes[i] + piece[i] * piece[i];
        }
      }
      double sum = 0;
      for (int i = 0; i < LANES; i++) {
        sum += lanes[i];
        lanes[i] = 0;
      }
      return sum;
    }
  }
}
