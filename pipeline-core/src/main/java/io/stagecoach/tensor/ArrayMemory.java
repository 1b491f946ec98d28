package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.arrow.memory.util.MemoryUtil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.javacpp.indexer.ByteIndexer;
import org.bytedeco.javacpp.indexer.DoubleIndexer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.HalfIndexer;
import org.bytedeco.javacpp.indexer.Indexer;
import org.bytedeco.javacpp.indexer.IntIndexer;
import org.bytedeco.javacpp.indexer.LongIndexer;
import org.bytedeco.javacpp.indexer.ShortIndexer;
import org.bytedeco.javacpp.indexer.UByteIndexer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.cpu.nativecpu.buffer.BaseCpuDataBuffer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Arrays as memory and memory as arrays. On ND4J's CPU backend both are views; on another one the
 * array's own memory is not the host's, and the bytes are copied.
 */
final class ArrayMemory {

  private ArrayMemory() {}

  /**
   * An array whose memory is exactly its elements, densely in its own order and outside of any
   * workspace: this one where it is so, else a copy.
   */
  static INDArray dense(INDArray array) {
    if (array.isEmpty() || (!array.isAttached() && isDense(array))) {
      return array;
    }
    return outsideWorkspaces(() -> array.dup(array.ordering()));
  }

  private static INDArray outsideWorkspaces(Supplier<INDArray> maker) {
    MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
    try {
      return maker.get();
    } finally {
      outside.close();
    }
  }

  private static boolean isDense(INDArray array) {
    long expected = 1;
    boolean c = array.ordering() == 'c';
    int rank = array.rank();
    for (int i = 0; i < rank; i++) {
      int axis = c ? rank - 1 - i : i;
      if (array.stride(axis) != expected) {
        return false;
      }
      expected *= array.size(axis);
    }
    return true;
  }

  /** The bytes of a dense array in windows below 2 GiB; valid while the array is open. */
  static List<ByteBuffer> bytes(INDArray dense, long bytes) {
    long address = hostAddress(dense);
    List<ByteBuffer> windows = new ArrayList<>(1);
    for (long offset = 0; offset < bytes; offset += ReceiveBuffer.WINDOW) {
      windows.add(
          MemoryUtil.directBuffer(
              address + offset, (int) Math.min(bytes - offset, ReceiveBuffer.WINDOW)));
    }
    return windows;
  }

  /** The elements of a dense bool array as Arrow has them: one bit each, the lowest first. */
  static ByteBuffer packedBits(INDArray dense, int elements) {
    ByteBuffer bits = ByteBuffer.allocate((elements + 7) / 8);
    ByteBuffer flags = MemoryUtil.directBuffer(hostAddress(dense), elements);
    for (int i = 0; i < elements; i++) {
      if (flags.get(i) != 0) {
        bits.put(i / 8, (byte) (bits.get(i / 8) | 1 << i % 8));
      }
    }
    return bits;
  }

  /** Where the elements are on the host, after they have been brought there. */
  private static long hostAddress(INDArray dense) {
    DataBuffer data = dense.data();
    if (data instanceof BaseCpuDataBuffer cpu) {
      // The native buffer knows a view's offset; the Java side's address() leaves it out.
      return cpu.getOpaqueDataBuffer().primaryBuffer().address();
    }
    Nd4j.getAffinityManager().ensureLocation(dense, AffinityManager.Location.HOST);
    return data.pointer().address() + data.offset() * data.getElementSize();
  }

  /** An array over these bytes of a received message, or a copy of them. */
  static INDArray array(TensorSpec spec, ReceiveBuffer message, MessageLayout.Body body) {
    long elements = spec.elements();
    if (elements == 0) {
      return empty(spec);
    }
    boolean view =
        spec.type() != ElementType.BOOL
            && (message.address() + body.offset()) % spec.type().width() == 0
            && Nd4j.getEnvironment().isCPU();
    if (!view) {
      return copy(spec, message, body);
    }
    DataBuffer data = wrap(spec.type(), message.pointer(body.offset()), elements);
    long[] shape = spec.shapeArray();
    return Nd4j.create(
        data, shape, Nd4j.getStrides(shape, spec.order()), 0, spec.order(), spec.type().dataType());
  }

  private static INDArray empty(TensorSpec spec) {
    return Nd4j.create(spec.type().dataType(), spec.shapeArray(), spec.order());
  }

  private static INDArray copy(TensorSpec spec, ReceiveBuffer message, MessageLayout.Body body) {
    INDArray array = uninitialized(spec.type().dataType(), spec.shapeArray(), spec.order());
    long bytes = spec.elements() * spec.type().width();
    long from = body.offset();
    long written = 0;
    for (ByteBuffer window : bytes(array, bytes)) {
      if (spec.type() == ElementType.BOOL) {
        unpackBits(message, from, written, window);
      } else {
        window.put(message.view(from + written, window.remaining()));
      }
      written += window.capacity();
    }
    writtenOnHost(array);
    return array;
  }

  /** A new array outside of any workspace. */
  static INDArray uninitialized(DataType type, long[] shape, char order) {
    return outsideWorkspaces(() -> Nd4j.createUninitialized(type, shape, order));
  }

  /** Says that the newest elements are the host's, where there is another place. */
  static void writtenOnHost(INDArray array) {
    if (!Nd4j.getEnvironment().isCPU()) {
      Nd4j.getAffinityManager().tagLocation(array, AffinityManager.Location.HOST);
    }
  }

  private static void unpackBits(
      ReceiveBuffer message, long from, long firstElement, ByteBuffer flags) {
    int elements = flags.capacity();
    ByteBuffer bits = message.view(from + firstElement / 8, (elements + 7) / 8);
    for (int i = 0; i < elements; i++) {
      flags.put(i, (byte) (bits.get(i / 8) >> i % 8 & 1));
    }
  }

  /** A buffer over foreign memory; it keeps the pointer's owner reachable and frees nothing. */
  private static DataBuffer wrap(ElementType type, BytePointer memory, long elements) {
    Pointer pointer;
    Indexer indexer;
    switch (type) {
      case FLOAT32 -> {
        pointer = sized(new FloatPointer(memory), elements);
        indexer = FloatIndexer.create((FloatPointer) pointer);
      }
      case FLOAT64 -> {
        pointer = sized(new DoublePointer(memory), elements);
        indexer = DoubleIndexer.create((DoublePointer) pointer);
      }
      case FLOAT16 -> {
        pointer = sized(new ShortPointer(memory), elements);
        indexer = HalfIndexer.create((ShortPointer) pointer);
      }
      case INT16 -> {
        pointer = sized(new ShortPointer(memory), elements);
        indexer = ShortIndexer.create((ShortPointer) pointer);
      }
      case INT32 -> {
        pointer = sized(new IntPointer(memory), elements);
        indexer = IntIndexer.create((IntPointer) pointer);
      }
      case INT64 -> {
        pointer = sized(new LongPointer(memory), elements);
        indexer = LongIndexer.create((LongPointer) pointer);
      }
      case INT8 -> {
        pointer = sized(memory, elements);
        indexer = ByteIndexer.create((BytePointer) pointer);
      }
      case UINT8 -> {
        pointer = sized(memory, elements);
        indexer = UByteIndexer.create((BytePointer) pointer);
      }
      default -> throw new IllegalArgumentException(type + " is not viewed but copied");
    }
    return Nd4j.createBuffer(pointer, type.dataType(), elements, indexer);
  }

  private static <P extends Pointer> P sized(P pointer, long elements) {
    pointer.capacity(elements);
    pointer.limit(elements);
    return pointer;
  }
}
