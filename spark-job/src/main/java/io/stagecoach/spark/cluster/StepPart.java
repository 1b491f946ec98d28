package io.stagecoach.spark.cluster;

/** What an executor does in a tick, among other things. */
enum StepPart {

  /** Follows the decision about the step before. */
  FOLLOW,

  /** Sends weights to those who compute with them elsewhere. */
  SEND_WEIGHTS,

  /** Takes what came for this step, and begins it. */
  BEGIN,

  /** Performs a run of the schedule's actions. */
  PASS,

  /** Sends gradients to the replicas that have the weights. */
  SHARE,

  /** Takes those of replicas, and sends the gradients of parameters that others have. */
  REDUCE,

  /** Takes those of shared parameters. */
  ADD_USES,

  /** Ends the step: says what happened, and sends gradients to those who mirror them. */
  END
}
