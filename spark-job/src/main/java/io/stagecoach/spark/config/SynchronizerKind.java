package io.stagecoach.spark.config;

/** Who holds weights and updater state, and updates them. */
public enum SynchronizerKind {
  /** The driver, for all stages. */
  DRIVER("driver"),
  /** Each stage its own, as the driver decides. */
  EXECUTOR("executor");

  private final String word;

  SynchronizerKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
