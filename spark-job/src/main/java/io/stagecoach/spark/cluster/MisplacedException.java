package io.stagecoach.spark.cluster;

/** Spark ran a task on another executor than the one that it belongs to. */
final class MisplacedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int index;
  private final String actual;

  MisplacedException(int index, String expected, String actual) {
    super(
        "Spark put the task of the pipeline's executor "
            + index
            + " on executor "
            + actual
            + ", not on "
            + expected);
    this.index = index;
    this.actual = actual;
  }

  /** Which executor of the pipeline was to run the task. */
  int index() {
    return index;
  }

  /** Spark's id of the one that ran it. */
  String actual() {
    return actual;
  }
}
