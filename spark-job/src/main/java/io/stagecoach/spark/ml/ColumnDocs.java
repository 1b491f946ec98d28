package io.stagecoach.spark.ml;

/** What the params say of themselves that estimators and models have alike. */
final class ColumnDocs {

  static final String FEATURES =
      "The column of vectors or arrays with the features, or several numeric columns with commas"
          + " between.";

  static final String PREDICTION =
      "The column for the prediction: the class's index, or the value.";

  static final String PROBABILITY =
      "The column for a vector of the classes' probabilities; no such column where it is empty.";

  static final String RAW_PREDICTION =
      "The column for a vector of the logarithms of the probabilities; no such column where it is"
          + " empty.";

  static final String SETTINGS =
      "Further settings as docs/configuration.md lists them, each as key=value.";

  private ColumnDocs() {}
}
