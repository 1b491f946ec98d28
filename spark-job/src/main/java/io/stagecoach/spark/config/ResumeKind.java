package io.stagecoach.spark.config;

/** What a run does with the checkpoints of one that was interrupted. */
public enum ResumeKind {
  /** It goes on where that one was. */
  AUTO("auto"),
  /** It begins anew. */
  NEVER("never");

  private final String word;

  ResumeKind(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
