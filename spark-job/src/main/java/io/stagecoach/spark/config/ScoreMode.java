package io.stagecoach.spark.config;

/** Where the model is that predicts for the rows of a table. */
public enum ScoreMode {
  /** In the pipeline where it does not fit into one executor, else whole in each. */
  AUTO("auto"),
  /** Whole in each executor. */
  EXECUTOR("executor"),
  /** Cut into stages. */
  PIPELINE("pipeline");

  private final String word;

  ScoreMode(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
