/** A whole saved network on every executor, which predicts for the rows of a table. */
package io.stagecoach.spark.score;
