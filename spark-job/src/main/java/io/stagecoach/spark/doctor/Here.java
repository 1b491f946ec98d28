package io.stagecoach.spark.doctor;

import org.apache.spark.SparkConf;

/**
 * The process that is looked at.
 *
 * @param place {@link #DRIVER}, or an executor's id and host
 * @param settings the application's
 * @param threads how many threads ND4J should have; 0 where the settings do not say
 * @param needed what the model's stages, or on the driver its weights, take beside the heap, in
 *     bytes; 0 where no model is known
 */
record Here(String place, SparkConf settings, int threads, long needed) {

  /** The driver, in the table. */
  static final String DRIVER = "driver";

  boolean isDriver() {
    return place.equals(DRIVER);
  }

  /** Which of Spark's settings apply: {@code driver} or {@code executor}. */
  String role() {
    return isDriver() ? "driver" : "executor";
  }
}
