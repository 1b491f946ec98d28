/**
 * Looks, on the driver and on every executor, for what would keep a run from working or slow it.
 */
package io.stagecoach.spark.doctor;
