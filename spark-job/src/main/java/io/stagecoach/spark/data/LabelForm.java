package io.stagecoach.spark.data;

/** What a row's label is, and what is stored of it. */
enum LabelForm {
  /** A text that names the class; stored as its index, int32 [rows]. */
  NAME,
  /** The index of the class as a number; stored as int32 [rows]. */
  CLASS,
  /** The index of the class at every time step; stored as int32 [rows, time]. */
  CLASS_PER_TIME_STEP,
  /** One or more values, or a share for each class; stored as floats [rows, outputs (, time)]. */
  VALUES
}
