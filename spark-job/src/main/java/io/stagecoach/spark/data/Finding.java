package io.stagecoach.spark.data;

/** What may be wrong with a row of a table. */
enum Finding {
  NONE("", ""),
  MISSING(
      "hold a value that is missing or not finite",
      "Mend the data, or set spark.stagecoach.data.missing=drop to leave such rows out."),
  PICTURE_UNREADABLE(
      "hold a picture that cannot be read",
      "Mend the data, or set spark.stagecoach.data.missing=drop to leave such rows out."),
  PICTURE_SIZE(
      "hold a picture of another size than the network reads",
      "Bring the pictures to one size, or use a network of theirs."),
  FEATURE_COUNT(
      "have a number of features that is not the number of the network's inputs",
      "Name the right columns in spark.stagecoach.data.features, or change the network's input."),
  LABEL_COUNT(
      "have a number of label values that the network's output does not have",
      "Name the right columns in spark.stagecoach.data.label, or change the network's output."),
  LABEL_NOT_WHOLE(
      "have a label that is not a whole number, as classes are",
      "Give classes as 0, 1, … or as texts, or use a network whose output is values."),
  LABEL_RANGE(
      "have a label outside of the network's classes",
      "Number the classes from 0, or change the size of the network's output."),
  LABEL_UNKNOWN(
      "have a label that the network was not trained with",
      "Leave such rows out, or train with them."),
  CATEGORY_UNKNOWN(
      "have a category that the network was not trained with",
      "Set spark.stagecoach.data.categorical.unknown=other to take such rows as of no known"
          + " category, leave them out, or train a new model with them."),
  WEIGHT_NEGATIVE(
      "have a weight below 0",
      "Mend the column of spark.stagecoach.data.weightColumn; 0 is the least.");

  private final String what;
  private final String remedy;

  Finding(String what, String remedy) {
    this.what = what;
    this.remedy = remedy;
  }

  /** Whether rows with it are left out where the settings say so. */
  boolean isDroppable() {
    return this == MISSING || this == PICTURE_UNREADABLE;
  }

  /** The end of the sentence "so many rows …". */
  String what() {
    return what;
  }

  String remedy() {
    return remedy;
  }
}
