package io.stagecoach.spark.doctor;

/** Looks at a process from within: at the driver, and at every executor. */
non-sealed interface ProcessCheck extends Check {

  /** Looks; what it throws counts as an error of the process. */
  Finding look(Here here) throws Exception;
}
