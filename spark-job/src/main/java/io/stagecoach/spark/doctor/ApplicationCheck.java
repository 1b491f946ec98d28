package io.stagecoach.spark.doctor;

/** Looks at the application as a whole, from the driver. */
non-sealed interface ApplicationCheck extends Check {

  /** What it looks at, in the table. */
  default String where() {
    return Here.DRIVER;
  }

  /** Looks; what it throws counts as an error. */
  Finding look(Application application) throws Exception;
}
