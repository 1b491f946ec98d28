/**
 * What a run shows of itself while it goes on, beside its own output: Spark's metrics system, a
 * tracking server.
 */
package io.stagecoach.spark.ui;
