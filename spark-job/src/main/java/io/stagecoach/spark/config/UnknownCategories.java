package io.stagecoach.spark.config;

/** What happens to a row whose category the training did not have. */
public enum UnknownCategories {
  /** The job ends with an error that names the row. */
  FAIL("fail"),
  /** The row counts as none of the known categories: zeros, or the index behind the last. */
  OTHER("other");

  private final String word;

  UnknownCategories(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
