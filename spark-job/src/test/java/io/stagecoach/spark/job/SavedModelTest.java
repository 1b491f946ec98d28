package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedModelTest {

  @TempDir Path directory;

  @Test
  void whatIsNoModelIsSaidOfTheFileThatTheUserNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("model.zip"), "no zip");

    assertThatThrownBy(
            () -> SavedModel.read(new ModelFileAccess(new Configuration()), directory.toString()))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.MODEL);
              assertThat(e.what()).startsWith(file + ": ");
              assertThat(e.remedy()).isNotEmpty();
            });
  }
}
