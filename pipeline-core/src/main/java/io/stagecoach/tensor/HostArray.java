package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A new c-order array whose elements are written on the host, byte by byte, before anybody sees it.
 * Outside of any workspace.
 */
public final class HostArray {

  private final INDArray array;
  private final ByteBuffer bytes;

  private HostArray(INDArray array, ByteBuffer bytes) {
    this.array = array;
    this.bytes = bytes;
  }

  /**
   * Allocates, not zeroed.
   *
   * @throws IllegalArgumentException if there is no element, or 2 GiB of them
   */
  public static HostArray allocate(DataType type, long... shape) {
    long length = Arrays.stream(shape).reduce(type.width(), (a, b) -> Math.multiplyExact(a, b));
    if (length < 1 || length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "an array of " + length + " bytes, shape " + Arrays.toString(shape));
    }
    INDArray array = ArrayMemory.uninitialized(type, shape, 'c');
    return new HostArray(
        array, ArrayMemory.bytes(array, length).get(0).order(ByteOrder.nativeOrder()));
  }

  /** The elements' memory in native byte order; a bool is a byte. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /** The finished array, for the caller to own. */
  public INDArray finish() {
    ArrayMemory.writtenOnHost(array);
    return array;
  }
}
