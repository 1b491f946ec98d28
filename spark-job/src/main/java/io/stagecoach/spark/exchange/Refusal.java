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
  /** Its checksum is wrong: what came is not what was sent. */
  CORRUPT,
  /** Its number is one that this connection has had already. */
  REPLAYED,
  /** It belongs to an earlier step or attempt: it is dropped, and its connection stays. */
  STALE,
  /** Too many connections that have not said hello are open already. */
  TOO_MANY,
  /** It is longer than what is accepted. */
  TOO_LARGE,
  /** It is a hop that nobody here waits for. */
  UNKNOWN_HOP,
  /** It is a hop beyond what its sender was allowed to have outstanding. */
  BEYOND_CREDIT,
  /** There was no memory for it. */
  NO_MEMORY
}
