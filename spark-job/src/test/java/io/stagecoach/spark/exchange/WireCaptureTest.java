package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** What somebody sees who captures all bytes between two endpoints. */
class WireCaptureTest {

  private static final float NUMBER = 0.7391846f;
  private static final int NUMBERS = 50_000;
  private static final String TEXT = "weights of the step that nobody is to read";

  /** Numbers in a row as they are in memory: by chance they are nowhere. */
  private static byte[] pattern() {
    ByteBuffer bytes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      bytes.putFloat(NUMBER);
    }
    return bytes.array();
  }

  @ParameterizedTest
  @CsvSource({
    "spark.stagecoach.none, true",
    "spark.network.crypto.enabled, false",
    "spark.authenticate.enableSaslEncryption, false"
  })
  void tensorsAreReadableOnlyWithoutEncryption(String setting, boolean readable) throws Exception {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.authenticate", "true")
            .set("spark.authenticate.secret", "of the application");
    Map.of(setting, "true").forEach(conf::set);
    try (Network network = new Network(conf)) {
      Network.Heard heard = new Network.Heard();
      Endpoint driver = network.endpoint("driver", heard);
      Endpoint executor = network.endpoint("executor", new Network.Heard());
      try (Tap tap = new Tap(driver)) {
        Peer peer = executor.connect(tap.host(), tap.port());
        peer.send(
            Control.of(
                "weights",
                TEXT.getBytes(StandardCharsets.UTF_8),
                Tensors.of("w", Nd4j.valueArrayOf(new long[] {NUMBERS}, NUMBER, DataType.FLOAT))));
        try (Control came = heard.message()) {
          assertThat(came.bodyText()).isEqualTo(TEXT);
          assertThat(came.tensors().get("w").getFloat(NUMBERS - 1)).isEqualTo(NUMBER);
        }
        peer.close();

        byte[] seen = tap.seen();
        assertThat(seen.length).isGreaterThan(4 * NUMBERS);
        assertThat(contains(seen, pattern())).as("the tensor's numbers").isEqualTo(readable);
        assertThat(contains(seen, TEXT.getBytes(StandardCharsets.UTF_8)))
            .as("the message's text")
            .isEqualTo(readable);
        assertThat(contains(seen, "of the application".getBytes(StandardCharsets.UTF_8)))
            .as("the secret")
            .isFalse();
      }
    }
  }

  private static boolean contains(byte[] all, byte[] part) {
    for (int start = 0; start + part.length <= all.length; start++) {
      if (Arrays.equals(all, start, start + part.length, part, 0, part.length)) {
        return true;
      }
    }
    return false;
  }
}
