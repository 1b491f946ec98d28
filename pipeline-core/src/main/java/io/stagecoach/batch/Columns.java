package io.stagecoach.batch;

/**
 * The names of the columns that stages read. A model with several inputs has a column of features
 * for each, with the input's name; one with several outputs has such columns of labels.
 */
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

  /**
   * How much the loss of a row counts in training; floats of shape [rows] or, for labels with time,
   * [rows, time]; absent where all count 1.
   */
  public static final String WEIGHTS = "weights";

  private Columns() {}

  /** What goes into one of several inputs: {@code features.NAME}. */
  public static String features(String input) {
    return FEATURES + "." + input;
  }

  /** Which time steps of {@link #features(String)} are real: {@code features_mask.NAME}. */
  public static String featuresMask(String input) {
    return FEATURES_MASK + "." + input;
  }

  /** What should come out of one of several outputs: {@code labels.NAME}. */
  public static String labels(String output) {
    return LABELS + "." + output;
  }

  /** Which of {@link #labels(String)} count: {@code labels_mask.NAME}. */
  public static String labelsMask(String output) {
    return LABELS_MASK + "." + output;
  }

  /** How much {@link #labels(String)} count: {@code weights.NAME}. */
  public static String weights(String output) {
    return WEIGHTS + "." + output;
  }
}
