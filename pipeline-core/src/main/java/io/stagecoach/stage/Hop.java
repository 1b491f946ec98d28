package io.stagecoach.stage;

/**
 * Names one passing of tensors between two stages.
 *
 * @param step the step
 * @param attempt the try of the step: what an abandoned try sent is never taken for the next one's
 * @param kind what passes
 * @param microBatch which micro-batch
 * @param from the stage that sends
 * @param to the stage that receives
 */
public record Hop(long step, int attempt, Kind kind, int microBatch, int from, int to) {

  /** What passes. */
  public enum Kind {
    ACTIVATIONS,
    GRADIENTS
  }
}
