package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Tensors as an Arrow stream in a Java array, with its CRC32C (4 bytes, big-endian) behind it, for
 * what Spark's task results and broadcasts carry.
 */
final class ArrowBytes implements AutoCloseable {

  private static final int CHECKSUM_BYTES = 4;

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
      if (encoded.length() > Integer.MAX_VALUE - 8 - CHECKSUM_BYTES) {
        throw new StagecoachException(
            ErrorKind.RESOURCE,
            "A stage has "
                + encoded.length()
                + " bytes of weights, or of weights and updater state; Spark's tasks carry 2 GiB",
            "Use more stages, or exchange=streaming.");
      }
      int length = (int) encoded.length();
      ByteBuffer whole = ByteBuffer.allocate(length + CHECKSUM_BYTES);
      encoded.parts().forEach(whole::put);
      return whole.putInt(sum(whole.array(), length)).array();
    }
  }

  /**
   * The tensors, for the caller to close.
   *
   * @throws StagecoachException PEER if these are not bytes that were so encoded
   */
  Tensors decode(byte[] bytes) {
    if (bytes.length == 0) {
      return Tensors.none();
    }
    int length = bytes.length - CHECKSUM_BYTES;
    if (length < 0 || ByteBuffer.wrap(bytes).getInt(length) != sum(bytes, length)) {
      throw new StagecoachException(
          ErrorKind.PEER,
          "Weights or gradients of "
              + bytes.length
              + " bytes are not what was sent: their checksum is wrong",
          "The network, a disk or a machine's memory changes bytes: if it comes again, leave that"
              + " machine out");
    }
    ReceiveBuffer buffer = ReceiveBuffer.allocate(length);
    buffer.put(0, ByteBuffer.wrap(bytes, 0, length));
    return codec.decode(buffer).tensors();
  }

  private static int sum(byte[] bytes, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, length);
    return (int) checksum.getValue();
  }

  @Override
  public void close() {
    codec.close();
  }
}
