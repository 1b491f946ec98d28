package io.stagecoach.model.gpt.cpu;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The numbers of an ND4J array where BLAS and the loops on the heap reach them, without a copy. */
final class Floats {

  private final INDArray owner;
  private final FloatPointer pointer;
  private final FloatBuffer buffer;

  private Floats(INDArray owner) {
    this.owner = owner;
    this.pointer = new FloatPointer(owner.data().addressPointer());
    pointer.position(0).capacity(owner.length());
    this.buffer = pointer.asBuffer();
  }

  /**
   * The memory of an array.
   *
   * @param array of floats, contiguous, in c order; perhaps a view with an offset in its buffer
   * @throws IllegalArgumentException of any other array
   */
  static Floats of(INDArray array) {
    if (array.dataType() != DataType.FLOAT || !isContiguous(array)) {
      throw new IllegalArgumentException(
          "not a contiguous float array in c order: " + array.shapeInfoToString());
    }
    return new Floats(array);
  }

  private static boolean isContiguous(INDArray array) {
    long step = 1;
    for (int i = array.rank() - 1; i >= 0; i--) {
      if (array.size(i) != 1 && array.stride(i) != step) {
        return false;
      }
      step *= array.size(i);
    }
    return true;
  }

  /** How many numbers there are. */
  long length() {
    return owner.length();
  }

  /** Copies numbers to the start of an array on the heap. */
  void read(long from, float[] into, int count) {
    buffer.get(Math.toIntExact(from), into, 0, count);
  }

  /** Copies numbers from the start of an array on the heap. */
  void write(long to, float[] from, int count) {
    buffer.put(Math.toIntExact(to), from, 0, count);
  }

  /**
   * A matrix in this memory, row by row.
   *
   * @param first where its first element is
   * @param stride from a row to the next
   */
  Panel panel(long first, int stride) {
    return new Panel(new FloatPointer(pointer), first, stride);
  }
}
