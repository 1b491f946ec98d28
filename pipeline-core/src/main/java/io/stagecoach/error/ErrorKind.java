package io.stagecoach.error;

/**
 * What class of thing went wrong, each with the exit code of the process. The codes are part of the
 * interface: schedulers branch on them. None is one of Spark's own (1, 2, 3, 11, 50-56, 127) or a
 * signal's (above 128).
 */
public enum ErrorKind {
  /** A setting is unknown, missing or has a value that is not allowed. */
  CONFIGURATION(20),
  /** The data is missing, unreadable, or holds what the model cannot take. */
  DATA(21),
  /** The model's configuration or file is not a network, or not one that can be cut. */
  MODEL(22),
  /** No plan fits: more stages than layers, or a layer that no stage can hold. */
  PLAN(23),
  /** The output cannot be written, or exists and may not be overwritten. */
  OUTPUT(24),
  /**
   * The cluster refused the application or ended it, gave fewer executors than there are stages, or
   * has settings that fight with the job.
   */
  CLUSTER(25),
  /** Something did not happen in time. */
  DEADLINE(26),
  /** An executor was lost. */
  EXECUTOR_LOST(27),
  /** A peer sent what it must not, or could not be reached. */
  PEER(28),
  /** Loss or gradients stayed not finite for longer than is allowed. */
  NUMERIC(29),
  /** Memory, on the heap, off it or on a device, was not enough. */
  RESOURCE(30),
  /** The run was asked to stop. */
  INTERRUPTED(31),
  /** Another run does what only one may do at a time. */
  BUSY(32),
  /** The doctor has found what a run would fail on. */
  UNFIT(33),
  /** A defect of Stagecoach itself. */
  INTERNAL(40);

  private final int exitCode;

  ErrorKind(int exitCode) {
    this.exitCode = exitCode;
  }

  /** The exit code of a process that ends with this kind of error. */
  public int exitCode() {
    return exitCode;
  }
}
