package io.stagecoach.spark.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.io.FileUtils;

/** A local directory that is gone when it is closed. */
public record TemporaryDirectory(Path path) implements AutoCloseable {

  /** An empty one. */
  public static TemporaryDirectory create() {
    try {
      return new TemporaryDirectory(Files.createTempDirectory("stagecoach"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    FileUtils.deleteQuietly(path.toFile());
  }
}
