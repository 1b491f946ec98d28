package io.stagecoach.spark.config;

/** Whether it is measured, before the first step, by how much executors differ in speed. */
public enum CompareExecutors {
  /** Where they are not of one kind. */
  AUTO("auto"),
  /** Also where all are of one kind. */
  ALWAYS("always"),
  /** They count as alike. */
  NEVER("never");

  private final String word;

  CompareExecutors(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
