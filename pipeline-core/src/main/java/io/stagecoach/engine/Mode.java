package io.stagecoach.engine;

/** How a forward pass runs. */
public enum Mode {
  /** Dropout and batch statistics as in training; what backward needs is kept. */
  TRAINING,
  /** As the finished model predicts; nothing is kept. */
  INFERENCE,
  /**
   * The same for examples without labels, which come with the order for the step; what the model
   * puts out for them is the answer.
   */
  PREDICTION,
  /**
   * As the finished model predicts, going on with sequences: each micro-batch is a group of them,
   * of which only the positions come in that are new. What came before is kept from step to step (a
   * key-value cache, or the state of recurrent layers), and forgotten where a step does not carry
   * state. The last stage gives what it predicts after the last of these positions, as {@link
   * #NEXT}.
   */
  GENERATION;

  /** The name of what the last stage gives in generation: probabilities of [sequences, classes]. */
  public static final String NEXT = "next";

  /**
   * Whether what goes in comes with the order for the step, without labels, and what comes out of
   * the last stage is the answer to it.
   */
  public boolean isAnswered() {
    return this == PREDICTION || this == GENERATION;
  }
}
