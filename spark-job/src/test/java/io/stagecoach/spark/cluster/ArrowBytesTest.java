package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.Tensors;
import java.util.Arrays;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ArrowBytesTest {

  @Test
  void whatWasEncodedIsDecodedAndNothingElseIs() {
    try (RootAllocator memory = new RootAllocator();
        ArrowBytes bytes = new ArrowBytes(memory, 1 << 20)) {
      INDArray weights = Nd4j.rand(3, 5);
      byte[] good = bytes.encode(Tensors.of("weights.0", weights.dup()));
      try (Tensors decoded = bytes.decode(good)) {
        assertThat(decoded.get("weights.0")).isEqualTo(weights);
      }
      for (int at = 0; at < good.length; at++) {
        byte[] changed = good.clone();
        changed[at] = (byte) (changed[at] ^ 0x40);
        assertNot(bytes, changed);
        if (at > 0) {
          assertNot(bytes, Arrays.copyOf(good, at));
        }
      }
      assertThat(bytes.encode(Tensors.none())).isEmpty();
      assertThat(bytes.decode(new byte[0]).isEmpty()).isTrue();
    }
  }

  private static void assertNot(ArrowBytes bytes, byte[] changed) {
    assertThatThrownBy(() -> bytes.decode(changed))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER))
        .hasMessageContaining("checksum");
  }
}
