/** Predictions for the rows of a table: in rows and columns out, by whom ever they are made. */
package io.stagecoach.spark.score;
