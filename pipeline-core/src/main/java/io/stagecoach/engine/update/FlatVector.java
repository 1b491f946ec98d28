package io.stagecoach.engine.update;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The elements of a dense array, in the order of its memory, where loops on the heap reach them: a
 * piece is copied to a small array that stays in the processor's nearest cache. Valid while the
 * array is open.
 */
final class FlatVector {

  /** The most elements that are read or written at once. */
  static final int LONGEST_PIECE = 1 << 12;

  /** Elements from the start of a window to that of the next; each reaches a piece further. */
  private static final int WINDOW = 1 << 27;

  private final INDArray owner;
  private final List<FloatBuffer> floats;
  private final List<DoubleBuffer> doubles;

  private FlatVector(INDArray owner, List<FloatBuffer> floats, List<DoubleBuffer> doubles) {
    this.owner = owner;
    this.floats = floats;
    this.doubles = doubles;
  }

  /** Whether an array's elements are 32 or 64 bit floating point numbers in the host's memory. */
  static boolean reaches(INDArray array) {
    return Nd4j.getEnvironment().isCPU()
        && (array.dataType() == DataType.FLOAT || array.dataType() == DataType.DOUBLE);
  }

  /**
   * The memory of an array.
   *
   * @param array dense; perhaps a view with an offset in its buffer
   * @throws IllegalArgumentException of an array that is not {@linkplain #reaches reached}, or
   *     whose elements do not follow one another
   */
  static FlatVector of(INDArray array) {
    if (!reaches(array) || (array.length() > 1 && array.elementWiseStride() != 1)) {
      throw new IllegalArgumentException("not flat numbers: " + array.shapeInfoToString());
    }
    List<FloatBuffer> floats = new ArrayList<>(1);
    List<DoubleBuffer> doubles = new ArrayList<>(1);
    for (long start = 0; start < array.length(); start += WINDOW) {
      long end = Math.min(array.length(), start + WINDOW + LONGEST_PIECE);
      if (array.dataType() == DataType.FLOAT) {
        FloatPointer pointer = new FloatPointer(array.data().addressPointer());
        floats.add(pointer.capacity(end).limit(end).position(start).asBuffer());
      } else {
        DoublePointer pointer = new DoublePointer(array.data().addressPointer());
        doubles.add(pointer.capacity(end).limit(end).position(start).asBuffer());
      }
    }
    return new FlatVector(array, floats, doubles);
  }

  long length() {
    return owner.length();
  }

  DataType type() {
    return owner.dataType();
  }

  void read(long from, float[] into, int count) {
    floats.get((int) (from / WINDOW)).get((int) (from % WINDOW), into, 0, count);
  }

  void read(long from, double[] into, int count) {
    doubles.get((int) (from / WINDOW)).get((int) (from % WINDOW), into, 0, count);
  }

  void write(long to, float[] from, int count) {
    floats.get((int) (to / WINDOW)).put((int) (to % WINDOW), from, 0, count);
  }

  void write(long to, double[] from, int count) {
    doubles.get((int) (to / WINDOW)).put((int) (to % WINDOW), from, 0, count);
  }
}
