package io.stagecoach.engine;

/** How a forward pass runs. */
public enum Mode {
  /** Dropout and batch statistics as in training; what backward needs is kept. */
  TRAINING,
  /** As the finished model predicts; nothing is kept. */
  INFERENCE
}
