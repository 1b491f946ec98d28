/** How a run ended, said so that a program can read it. */
package io.stagecoach.spark.job.outcome;
