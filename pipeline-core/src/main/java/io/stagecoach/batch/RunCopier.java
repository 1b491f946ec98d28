package io.stagecoach.batch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.nd4j.linalg.api.buffer.DataType;

/** Copies consecutive elements of a stored column into an array's memory, converting the type. */
@FunctionalInterface
interface RunCopier {

  VarHandle FLOATS = MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  VarHandle DOUBLES = MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

  /**
   * Copies.
   *
   * @param file where the column is
   * @param data where in it the first element is
   * @param first the first element to copy
   * @param count how many
   * @param to the array's memory
   * @param at the element of it to write first
   */
  void copy(byte[] file, int data, int first, int count, ByteBuffer to, int at);

  /** The copier from a stored type to an array's. */
  static RunCopier of(ColumnSpec.Type stored, DataType wanted) {
    if (stored == ColumnSpec.Type.BOOL) {
      return bits(wanted);
    }
    if (stored.dataType() == wanted) {
      int width = wanted.width();
      return (file, data, first, count, to, at) ->
          to.put(at * width, file, data + first * width, count * width);
    }
    if (stored == ColumnSpec.Type.FLOAT32 && wanted == DataType.DOUBLE) {
      return (file, data, first, count, to, at) -> {
        for (int i = 0; i < count; i++) {
          to.putDouble((at + i) * 8, (float) FLOATS.get(file, data + (first + i) * 4));
        }
      };
    }
    if (stored == ColumnSpec.Type.FLOAT64 && wanted == DataType.FLOAT) {
      return (file, data, first, count, to, at) -> {
        for (int i = 0; i < count; i++) {
          to.putFloat((at + i) * 4, (float) (double) DOUBLES.get(file, data + (first + i) * 8));
        }
      };
    }
    throw new IllegalArgumentException("no conversion from " + stored + " to " + wanted);
  }

  private static RunCopier bits(DataType wanted) {
    return (file, data, first, count, to, at) -> {
      for (int i = 0; i < count; i++) {
        int element = first + i;
        int bit = file[data + element / 8] >> element % 8 & 1;
        switch (wanted) {
          case BOOL -> to.put(at + i, (byte) bit);
          case FLOAT -> to.putFloat((at + i) * 4, bit);
          case DOUBLE -> to.putDouble((at + i) * 8, bit);
          default -> throw new IllegalArgumentException("no conversion from bool to " + wanted);
        }
      }
    };
  }
}
