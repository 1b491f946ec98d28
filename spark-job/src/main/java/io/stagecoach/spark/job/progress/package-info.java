/** What a person, or a log, sees of a run while it goes on. */
package io.stagecoach.spark.job.progress;
