package io.stagecoach.spark.doctor;

/** One thing to look at. {@link Checks} lists them all. */
sealed interface Check permits ProcessCheck, ApplicationCheck {

  /** What it looks at, in a word or two. */
  String name();
}
