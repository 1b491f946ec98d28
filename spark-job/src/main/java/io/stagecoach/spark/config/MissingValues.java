package io.stagecoach.spark.config;

/** What happens to a row with a value that is missing or not finite. */
public enum MissingValues {
  /** The job ends with an error that names the row. */
  FAIL("fail"),
  /** The row is left out and counted. */
  DROP("drop");

  private final String word;

  MissingValues(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
