package io.stagecoach.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What the build has made for {@code spark-submit}. */
final class Built {

  private static final Path TARGET = StagecoachProcess.repository().resolve("spark-job/target");

  /** The Spark home of Maven's jars. */
  static final Path SPARK_HOME = TARGET.resolve("spark-home");

  /** What of a Spark home {@code spark-submit} needs. */
  static final List<String> PARTS = List.of("jars", "bin", "RELEASE");

  private Built() {}

  /** The job's jar. */
  static Path jar() throws IOException {
    try (Stream<Path> files = Files.list(TARGET)) {
      return files
          .filter(file -> file.getFileName().toString().matches("stagecoach-\\d.*\\.jar"))
          .findFirst()
          .orElseThrow();
    }
  }

  /** A Spark home of links, in this directory: executors of a local cluster write into theirs. */
  static Path linkedSparkHome(Path directory) throws IOException {
    Path home = Files.createDirectory(directory.resolve("spark-home"));
    for (String part : PARTS) {
      Files.createSymbolicLink(home.resolve(part), SPARK_HOME.resolve(part));
    }
    return home;
  }
}
