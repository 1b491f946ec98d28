package io.stagecoach.spark.config;

/** What retraining does with an interval that has a result already. */
public enum RerunKind {
  /** Nothing. */
  SKIP("skip"),
  /** It trains again, in the place of the earlier result. */
  REPLACE("replace");

  private final String word;

  RerunKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
