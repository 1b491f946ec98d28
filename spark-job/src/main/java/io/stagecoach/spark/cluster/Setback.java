package io.stagecoach.spark.cluster;

import io.stagecoach.error.StagecoachException;

/**
 * A step that could not be ended and was told to stages placed anew.
 *
 * @param step the step; -1 where the stages were not yet told one
 * @param cause why
 * @param executors how many executors the stages are on now
 * @param seconds how long it took from when the failure was known until the step was told again
 */
public record Setback(long step, StagecoachException cause, int executors, double seconds) {}
