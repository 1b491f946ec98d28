package io.stagecoach.spark.job;

import io.stagecoach.error.StagecoachException;
import java.util.Locale;

/**
 * What a driver that YARN runs ends with when its run has failed: YARN shows the text of it among
 * the application's diagnostics, which is all that many will ever see. It therefore has the first
 * cause in it, and no stack.
 */
final class ApplicationFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** The failure of a run with this first cause. */
  ApplicationFailure(StagecoachException cause) {
    this(
        cause.kind().name().toLowerCase(Locale.ROOT)
            + ", exit code "
            + cause.kind().exitCode()
            + ": "
            + cause.getMessage());
  }

  /** An ending with a code that no failure explains. */
  ApplicationFailure(int exitCode) {
    this("exit code " + exitCode);
  }

  private ApplicationFailure(String message) {
    super(message, null, false, false);
  }
}
