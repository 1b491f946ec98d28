package io.stagecoach.engine;

/** What a stage keeps between a micro-batch's forward and its backward pass. */
public enum Recompute {
  /** Everything that backward needs: one slot of activations for each micro-batch in flight. */
  NONE,
  /** The stage's inputs only; backward runs forward again, with the same random masks. */
  STAGE
}
