package io.stagecoach.spark.config;

/** What the classes count in training where no numbers say it. */
public enum ClassWeighting {
  /** Every class counts 1. */
  NONE("none"),
  /** Of n training rows and k classes, a class with m rows counts n / (k m). */
  BALANCED("balanced");

  private final String word;

  ClassWeighting(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
