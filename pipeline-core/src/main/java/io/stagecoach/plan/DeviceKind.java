package io.stagecoach.plan;

/** What executors can compute on. */
public enum DeviceKind {
  /** The processor. */
  CPU("cpu", "compute on the CPU"),
  /** A GPU. */
  GPU("gpu", "compute on a GPU");

  private final String word;
  private final String phrase;

  DeviceKind(String word, String phrase) {
    this.word = word;
    this.phrase = phrase;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }

  /** What executors of this kind do. */
  String phrase() {
    return phrase;
  }
}
