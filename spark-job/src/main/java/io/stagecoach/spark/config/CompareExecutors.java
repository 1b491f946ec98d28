package io.stagecoach.spark.config;

/** Whether it is measured, before the first step, how executors, and hops between them, differ. */
public enum CompareExecutors {
  /** Where they are not of one kind; hops where they are on several hosts. */
  AUTO("auto"),
  /** Also where all are of one kind, or on one host. */
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
