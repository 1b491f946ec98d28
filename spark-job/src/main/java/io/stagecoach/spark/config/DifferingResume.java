package io.stagecoach.spark.config;

/** What a run does where the interrupted one was not the same. */
public enum DifferingResume {
  /** It is refused, with the list of what differs. */
  FAIL("fail"),
  /** It begins anew. */
  RESTART("restart"),
  /** It goes on with the other one's model, from where that was, with what is set now. */
  ACCEPT("accept");

  private final String word;

  DifferingResume(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }
}
