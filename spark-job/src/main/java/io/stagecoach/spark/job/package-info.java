/** The main class, its subcommands, and the step loop on the driver. */
package io.stagecoach.spark.job;
