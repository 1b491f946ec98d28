package io.stagecoach.spark.job.retrain;

/**
 * A candidate's model, accepted or not.
 *
 * @param interval the interval that it was trained on
 * @param attempt which of the interval's attempts it is of, from 1
 * @param path its output directory, from the model folder
 */
public record ModelRef(String interval, int attempt, String path) {}
