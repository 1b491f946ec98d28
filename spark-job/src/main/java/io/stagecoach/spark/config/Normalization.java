package io.stagecoach.spark.config;

/** How features are scaled before they are stored. */
public enum Normalization {
  /** Not at all. */
  NONE("none"),
  /** To mean 0 and standard deviation 1. */
  STANDARD("standard"),
  /** To the range from 0 to 1. */
  MIN_MAX("minmax");

  private final String word;

  Normalization(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
