package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Random;
import java.util.zip.CRC32C;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class PayloadTest {

  /** Takes as much as it likes of what it is given, as a socket does. */
  private static final class Moody implements WritableByteChannel {
    private final Random random = new Random(4);
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

    @Override
    public int write(ByteBuffer from) {
      byte[] bytes = new byte[random.nextInt(from.remaining() + 1)];
      from.get(bytes);
      taken.writeBytes(bytes);
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void itsChecksumIsBehindItHoweverItIsTaken() throws IOException {
    byte[] body = new byte[700_001];
    new Random(3).nextBytes(body);
    try (RootAllocator memory = new RootAllocator();
        TensorCodec codec = new TensorCodec(memory, "test", 1 << 30)) {
      EncodedTensors encoded =
          codec.encode(new TensorMessage(0, Tensors.of("x", Nd4j.rand(DataType.FLOAT, 900_007))));
      ByteBuffer whole = ByteBuffer.allocate(body.length + (int) encoded.length());
      whole.put(body);
      encoded.parts().forEach(whole::put);
      Payload payload = Payload.of(body, encoded);
      assertThat(payload.bytes()).isEqualTo(whole.capacity());

      Moody socket = new Moody();
      while (payload.transferred() < payload.count()) {
        payload.transferTo(socket, payload.transferred());
      }
      payload.end();

      CRC32C checksum = new CRC32C();
      checksum.update(whole.array());
      byte[] expected =
          ByteBuffer.allocate(whole.capacity() + 4)
              .put(whole.array())
              .putInt((int) checksum.getValue())
              .array();
      assertThat(socket.taken.toByteArray()).isEqualTo(expected);
    }
  }
}
