package io.stagecoach.batch;

/** The names of the columns that stages read. */
public final class Columns {

  /** What goes into the network; shape [rows, …], DL4J's layout behind the first axis. */
  public static final String FEATURES = "features";

  /** Which time steps of the features are real; shape [rows, time]; absent where all are. */
  public static final String FEATURES_MASK = "features_mask";

  /**
   * What should come out: float of the output's shape, or int32 class indices of shape [rows] or
   * [rows, time].
   */
  public static final String LABELS = "labels";

  /** Which labels count; shape [rows] or [rows, time]; absent where all do. */
  public static final String LABELS_MASK = "labels_mask";

  private Columns() {}
}
