package io.stagecoach.fuzz;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.RootAllocator;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The messages of named tensors. */
final class TensorTarget implements FuzzTarget {

  private static final long LIMIT = 1 << 20;
  private static final long OFF_HEAP_LIMIT = 64 << 20;

  private final WireType wireType;
  private final TensorCodec codec;

  private TensorTarget(WireType wireType) {
    this.wireType = wireType;
    this.codec = new TensorCodec(new RootAllocator(), "fuzz", LIMIT, wireType);
  }

  static TensorTarget asItIs() {
    return new TensorTarget(WireType.FLOAT32);
  }

  static TensorTarget narrowed() {
    return new TensorTarget(WireType.FLOAT16);
  }

  @Override
  public String name() {
    return "tensors " + wireType.word();
  }

  @Override
  public String toString() {
    return name();
  }

  @Override
  public List<byte[]> seeds() {
    Map<String, INDArray> several = new LinkedHashMap<>();
    several.put("x", Nd4j.rand(DataType.FLOAT, 3, 4));
    several.put("f", Nd4j.rand(DataType.FLOAT, 2, 3, 2).dup('f'));
    several.put("n", Nd4j.createFromArray(1L, 2L));
    several.put("b", Nd4j.createFromArray(true, false, true));
    several.put("s", Nd4j.scalar(1.5f));
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(encoded(Map.of("x", Nd4j.rand(DataType.FLOAT, 4))));
    seeds.add(encoded(Map.of("d", Nd4j.rand(DataType.DOUBLE, 1, 2))));
    seeds.add(encoded(several));
    return seeds;
  }

  private byte[] encoded(Map<String, INDArray> arrays) {
    try (EncodedTensors encoded = codec.encode(new TensorMessage(7, Tensors.of(arrays)))) {
      ByteBuffer bytes = ByteBuffer.allocate((int) encoded.length());
      encoded.parts().forEach(bytes::put);
      return bytes.array();
    }
  }

  @Override
  public List<String> words() {
    return List.of(
        "arrow.fixed_shape_tensor",
        "{\"shape\":[2,3]}",
        "{\"shape\":[2147483647,2147483647,4]}",
        "{\"permutation\":[1,0],\"shape\":[3,2]}",
        "ARROW:extension:name",
        "ARROW:extension:metadata");
  }

  @Override
  public void read(byte[] input) {
    ReceiveBuffer buffer = ReceiveBuffer.allocate(input.length);
    buffer.put(0, ByteBuffer.wrap(input));
    StagecoachException refused = null;
    try (Tensors tensors = codec.decode(buffer).tensors()) {
      for (INDArray array : tensors.asMap().values()) {
        if (!array.isEmpty()) {
          array.getDouble(array.length() - 1);
        }
      }
    } catch (StagecoachException e) {
      refused = e;
    }
    checkNothingIsLeft();
    if (refused != null) {
      throw refused;
    }
  }

  private void checkNothingIsLeft() {
    if (codec.heldBytes() != 0) {
      throw new AssertionError(codec.heldBytes() + " bytes are still held");
    }
    if (Pointer.totalBytes() > OFF_HEAP_LIMIT) {
      throw new AssertionError(Pointer.totalBytes() + " bytes off the heap");
    }
  }
}
