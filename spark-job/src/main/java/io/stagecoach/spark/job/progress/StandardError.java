package io.stagecoach.spark.job.progress;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process's standard error stream is connected to. */
final class StandardError {

  private static final Path DESCRIPTOR = Path.of("/proc/self/fd/2");

  private StandardError() {}

  /** Java 17 can only say whether input and output both are terminals, so the kernel is asked. */
  static boolean isTerminal() {
    try {
      return isTerminal(Files.readSymbolicLink(DESCRIPTOR));
    } catch (IOException | UnsupportedOperationException e) {
      return false; // No such file: not Linux. A log is always right.
    }
  }

  static boolean isTerminal(Path target) {
    String name = target.toString();
    return name.startsWith("/dev/pts/")
        || name.startsWith("/dev/tty")
        || name.equals("/dev/console");
  }
}
