package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import java.nio.ByteBuffer;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Tensors as an Arrow stream in a Java array, for what Spark's task results and broadcasts carry.
 */
final class ArrowBytes implements AutoCloseable {

  private final TensorCodec codec;

  ArrowBytes(BufferAllocator memory, long limit) {
    this.codec = new TensorCodec(memory, "weights and gradients", limit);
  }

  /** Encodes and closes tensors; none are no bytes. */
  byte[] encode(Tensors tensors) {
    if (tensors.isEmpty()) {
      tensors.close();
      return new byte[0];
    }
    try (EncodedTensors encoded = codec.encode(new TensorMessage(0, tensors))) {
      if (encoded.length() > Integer.MAX_VALUE - 8) {
        throw new StagecoachException(
            ErrorKind.RESOURCE,
            "A stage has " + encoded.length() + " bytes of weights; Spark's tasks carry 2 GiB",
            "Use more stages, or exchange=streaming.");
      }
      ByteBuffer whole = ByteBuffer.allocate((int) encoded.length());
      encoded.parts().forEach(whole::put);
      return whole.array();
    }
  }

  /** The tensors, for the caller to close. */
  Tensors decode(byte[] bytes) {
    if (bytes.length == 0) {
      return Tensors.none();
    }
    ReceiveBuffer buffer = ReceiveBuffer.allocate(bytes.length);
    buffer.put(0, ByteBuffer.wrap(bytes));
    return codec.decode(buffer).tensors();
  }

  @Override
  public void close() {
    codec.close();
  }
}
