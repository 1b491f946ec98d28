package io.stagecoach.plan;

/** What a stage keeps of a micro-batch from its forward to its backward pass. */
public enum Stash {
  /** All that backward needs. */
  ACTIVATIONS,
  /** The stage's inputs; backward runs forward again, one micro-batch at a time. */
  INPUTS
}
