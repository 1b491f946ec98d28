package io.stagecoach.spark.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.io.FileUtils;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/**
 * A local directory that is gone when it is closed. In a Spark application it is inside of Spark's
 * own scratch space ({@code spark.local.dir}), so that what a killed process leaves is where an
 * administrator looks for it, and goes with the rest.
 */
public record TemporaryDirectory(Path path) implements AutoCloseable {

  private static final String PREFIX = "stagecoach";

  /** An empty one. */
  public static TemporaryDirectory create() {
    try {
      return new TemporaryDirectory(
          SparkEnv.get() == null
              ? Files.createTempDirectory(PREFIX)
              : Files.createTempDirectory(Path.of(SparkFiles.getRootDirectory()), PREFIX));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    FileUtils.deleteQuietly(path.toFile());
  }
}
