package io.stagecoach.tensor;

import java.nio.ByteBuffer;

/** Carries encoded tensors as a network would. */
final class Messages {

  private Messages() {}

  /** The stream's bytes. */
  static byte[] bytes(EncodedTensors encoded) {
    ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(encoded.length()));
    encoded.parts().forEach(all::put);
    return all.array();
  }

  /** A received message of these bytes. */
  static ReceiveBuffer received(byte[] bytes) {
    ReceiveBuffer buffer = ReceiveBuffer.allocate(bytes.length);
    buffer.put(0, ByteBuffer.wrap(bytes));
    return buffer;
  }

  /** Carries part by part, and closes what was sent. */
  static ReceiveBuffer transfer(EncodedTensors encoded) {
    try (encoded) {
      ReceiveBuffer buffer = ReceiveBuffer.allocate(encoded.length());
      long offset = 0;
      for (ByteBuffer part : encoded.parts()) {
        buffer.put(offset, part);
        offset += part.remaining();
      }
      return buffer;
    }
  }
}
