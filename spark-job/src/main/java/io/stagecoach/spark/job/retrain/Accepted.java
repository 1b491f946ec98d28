package io.stagecoach.spark.job.retrain;

/**
 * The pointer to the accepted model: each promotion writes one with the next number, and the
 * highest is in force.
 *
 * @param number the number
 * @param model the accepted model
 * @param before the model that the accepted one was compared with; null for the first
 * @param record what the run did that wrote this
 */
public record Accepted(long number, ModelRef model, ModelRef before, RetrainRecord record) {}
