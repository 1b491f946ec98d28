package io.stagecoach.spark.config;

/** How layers are shared out to stages. */
public enum PartitionerKind {
  /** The same number of layers for each stage. */
  UNIFORM("uniform"),
  /** As even a number of parameters as there is. */
  PARAMETERS("parameters"),
  /** The least time for the slowest stage, by the layers' costs. */
  BALANCED("balanced");

  private final String word;

  PartitionerKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
