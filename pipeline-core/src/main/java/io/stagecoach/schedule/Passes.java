package io.stagecoach.schedule;

/** Which passes a schedule makes over every micro-batch. */
public enum Passes {
  /** Training. */
  FORWARD_AND_BACKWARD("forward-and-backward"),
  /** Evaluation and inference: nothing is stashed. */
  FORWARD("forward");

  private final String text;

  Passes(String text) {
    this.text = text;
  }

  /** The text form. */
  public String text() {
    return text;
  }
}
