package io.stagecoach.spark.config;

/** How the progress of a run is shown. */
public enum ProgressStyle {
  /** A bar on a terminal, lines elsewhere. */
  AUTO("auto"),
  /** A bar that is redrawn. */
  BAR("bar"),
  /** One line at most every second. */
  LINES("lines"),
  /** Nothing. */
  NONE("none");

  private final String word;

  ProgressStyle(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
