/** What a run shows of itself while it goes on, beside its own output: Spark's metrics system. */
package io.stagecoach.spark.ui;
