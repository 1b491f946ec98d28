package io.stagecoach.spark.exchange;

/** What carries activations and gradients from executor to executor. */
public enum ExchangeKind {
  /** Pushed over Spark's own network layer as soon as they are computed. */
  STREAMING("streaming"),
  /** By Spark's own shuffle: a Spark job for each step, a stage of it for each tick. */
  SHUFFLE("shuffle");

  private final String word;

  ExchangeKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
