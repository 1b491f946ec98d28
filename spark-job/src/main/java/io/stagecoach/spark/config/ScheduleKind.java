package io.stagecoach.spark.config;

/** In which order a stage takes the forward and backward passes of a step. */
public enum ScheduleKind {
  /** All forward passes, then all backward passes. */
  GPIPE("gpipe"),
  /** After a warm-up, one forward and one backward pass in turn. */
  ONE_F_ONE_B("1f1b");

  private final String word;

  ScheduleKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
