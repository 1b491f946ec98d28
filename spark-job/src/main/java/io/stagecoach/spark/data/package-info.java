/** Data sources, and the Spark job that writes the batch store. */
package io.stagecoach.spark.data;
