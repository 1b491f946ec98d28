package io.stagecoach.tensor;

import java.util.function.UnaryOperator;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** Tensors encoded and decoded as between two executors, in one process. */
public final class CodecWire implements UnaryOperator<Tensors>, AutoCloseable {

  private final BufferAllocator memory = new RootAllocator();
  private final TensorCodec codec;
  private Narrowing narrowing = Narrowing.none();

  public CodecWire(WireType wireType) {
    this.codec = new TensorCodec(memory, "wire", 1 << 24, wireType);
  }

  @Override
  public Tensors apply(Tensors tensors) {
    EncodedTensors encoded = codec.encode(new TensorMessage(0, tensors));
    narrowing = narrowing.plus(encoded.narrowing());
    return codec.decode(Messages.transfer(encoded)).tensors();
  }

  /** What became of all values so far. */
  public Narrowing narrowing() {
    return narrowing;
  }

  @Override
  public void close() {
    codec.close();
    memory.close();
  }
}
