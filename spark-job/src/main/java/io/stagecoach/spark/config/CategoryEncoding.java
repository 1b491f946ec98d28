package io.stagecoach.spark.config;

/** As which numbers the categories of a column go into a network. */
public enum CategoryEncoding {
  /** A number for each category, 1 for the row's own and 0 for the others. */
  ONE_HOT("onehot"),
  /** One number, the category's index, as embeddings read it. */
  INDEX("index");

  private final String word;

  CategoryEncoding(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
