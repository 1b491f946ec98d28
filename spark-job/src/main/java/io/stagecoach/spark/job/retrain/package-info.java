/**
 * Scheduled retraining: one candidate per interval of the data, compared with the accepted model
 * and promoted or refused, in a model folder that only one run at a time changes. What trains and
 * measures is behind an interface.
 */
package io.stagecoach.spark.job.retrain;
