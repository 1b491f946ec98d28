package io.stagecoach.spark.exchange;

/** Why something that came over the network was not accepted. */
public enum Refusal {
  /**
   * Whoever connected did not prove that it knows the run's secret, or said something else first.
   */
  NOT_ADMITTED,
  /** It belongs to another run. */
  OTHER_RUN,
  /** It is not a frame of ours, or out of order. */
  MALFORMED,
  /** It is longer than what is accepted. */
  TOO_LARGE,
  /** It is a hop that nobody here waits for. */
  UNKNOWN_HOP,
  /** It is a hop beyond what its sender was allowed to have outstanding. */
  BEYOND_CREDIT,
  /** There was no memory for it. */
  NO_MEMORY
}
