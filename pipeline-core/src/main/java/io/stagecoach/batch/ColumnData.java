package io.stagecoach.batch;

import io.stagecoach.tensor.TensorColumnFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * The rows of one column of a chunk, one after another, each in c order: the arrays' lengths are
 * rows times the elements of a row.
 */
public final class ColumnData {

  private final ColumnSpec spec;
  private final int elements;
  private final Consumer<ByteBuffer> writer;

  private ColumnData(
      ColumnSpec spec, ColumnSpec.Type type, int elements, Consumer<ByteBuffer> writer) {
    if (spec.type() != type) {
      throw new IllegalArgumentException(
          "column " + spec.name() + " is " + spec.type() + ", not " + type);
    }
    if (elements % spec.rowElements() != 0) {
      throw new IllegalArgumentException(
          "column "
              + spec.name()
              + ": "
              + elements
              + " elements are not rows of "
              + spec.rowShape());
    }
    this.spec = spec;
    this.elements = elements;
    this.writer = writer;
  }

  /** Rows of a FLOAT32 column. */
  public static ColumnData of(ColumnSpec spec, float[] values) {
    return new ColumnData(
        spec, ColumnSpec.Type.FLOAT32, values.length, bytes -> bytes.asFloatBuffer().put(values));
  }

  /** Rows of a FLOAT64 column. */
  public static ColumnData of(ColumnSpec spec, double[] values) {
    return new ColumnData(
        spec, ColumnSpec.Type.FLOAT64, values.length, bytes -> bytes.asDoubleBuffer().put(values));
  }

  /** Rows of an INT32 column. */
  public static ColumnData of(ColumnSpec spec, int[] values) {
    return new ColumnData(
        spec, ColumnSpec.Type.INT32, values.length, bytes -> bytes.asIntBuffer().put(values));
  }

  /** Rows of an INT64 column. */
  public static ColumnData of(ColumnSpec spec, long[] values) {
    return new ColumnData(
        spec, ColumnSpec.Type.INT64, values.length, bytes -> bytes.asLongBuffer().put(values));
  }

  /** Rows of a UINT8 column. */
  public static ColumnData of(ColumnSpec spec, byte[] values) {
    return new ColumnData(spec, ColumnSpec.Type.UINT8, values.length, bytes -> bytes.put(values));
  }

  /** Rows of a BOOL column. */
  public static ColumnData of(ColumnSpec spec, boolean[] values) {
    return new ColumnData(spec, ColumnSpec.Type.BOOL, values.length, bytes -> pack(bytes, values));
  }

  private static void pack(ByteBuffer bytes, boolean[] values) {
    for (int i = 0; i < values.length; i++) {
      if (values[i]) {
        bytes.put(i / 8, (byte) (bytes.get(i / 8) | 1 << i % 8));
      }
    }
  }

  ColumnSpec spec() {
    return spec;
  }

  int rows() {
    return elements / spec.rowElements();
  }

  /** The elements as Arrow stores them. */
  byte[] arrowBytes() {
    int length = Math.toIntExact(TensorColumnFile.dataBytes(spec.type().dataType(), elements));
    byte[] bytes = new byte[length];
    writer.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    return bytes;
  }
}
