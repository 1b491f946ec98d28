package io.stagecoach.spark.job.progress;

import java.io.PrintStream;

/** How progress is shown. */
public enum ProgressStyle {
  /** A bar where the standard error stream is a terminal, lines elsewhere. */
  AUTO,
  /** A bar that is drawn again in place. */
  BAR,
  /** Lines for a log, at most one a second. */
  LINES,
  /** Nothing. */
  NONE;

  /** The progress display of this style that writes to the given stream. */
  public Progress to(PrintStream out) {
    return switch (this) {
      case AUTO -> (StandardError.isTerminal() ? BAR : LINES).to(out);
      case BAR -> new ProgressBarDisplay(out);
      case LINES -> new ProgressLines(out, System::nanoTime);
      case NONE -> new Silence();
    };
  }
}
