package io.stagecoach.spark.config;

/** How layers are shared out to stages. */
public enum PartitionerKind {
  /** The same number of layers for each stage. */
  UNIFORM("uniform"),
  /** As even a number of parameters as there is. */
  PARAMETERS("parameters"),
  /**
   * The least time for the slowest stage, by the layers' operations, or by their times where the
   * run measures them for another reason.
   */
  BALANCED("balanced"),
  /** The same by their times, for which the run measures them. */
  MEASURED("measured");

  private final String word;

  PartitionerKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
