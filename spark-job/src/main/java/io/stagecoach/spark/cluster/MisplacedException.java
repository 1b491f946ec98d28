package io.stagecoach.spark.cluster;

/** Spark ran a task on another executor than the one that it belongs to. */
final class MisplacedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  MisplacedException(int index, String expected, String actual) {
    super(
        "Spark put the task of the pipeline's executor "
            + index
            + " on executor "
            + actual
            + ", not on "
            + expected);
  }
}
