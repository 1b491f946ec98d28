package io.stagecoach.spark.config;

/** What the sum of a step's gradients is divided by. */
public enum GradientWeight {
  /** The number of examples, as DL4J does. */
  EXAMPLES("examples"),
  /** The number of time steps that are not masked. */
  TIME_STEPS("timeSteps");

  private final String word;

  GradientWeight(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
