package io.stagecoach.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.checkpoint.CheckpointManifest.FileSum;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointManifestTest {

  @Test
  void readsWhatItWrites() throws IOException {
    CheckpointManifest manifest = CheckpointManifest.of(7, Map.of("a", new FileSum(3, 4)));
    CheckpointManifest read = CheckpointManifest.read(manifest.write());
    assertThat(read.files()).isEqualTo(manifest.files());
    assertThat(read.writtenMillis()).isEqualTo(7);
  }

  /** Texts whose checksum is right, and which are no manifests all the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "null \"check\" : \"00000000\"",
        "{} \"check\" : \"00000000\"",
        "{\"format\" : 9, \"writtenMillis\" : 1, \"files\" : {}, \"check\" : \"00000000\"}",
        "[\"check\" : \"00000000\"]"
      })
  void aTextThatIsNoManifestIsRefused(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
    String summed = text.replace("00000000", String.format(Locale.ROOT, "%08x", crc.getValue()));
    assertThatThrownBy(() -> CheckpointManifest.read(summed.getBytes(StandardCharsets.US_ASCII)))
        .isInstanceOf(IOException.class);
  }
}
