package io.stagecoach.spark.cluster;

import java.time.Duration;

/**
 * How long the driver waits.
 *
 * @param launch for enough executors
 * @param contact for each executor's first contact, and for all stages to be built
 * @param step for a step
 * @param heartbeat for a sign of life of an executor
 */
public record Deadlines(Duration launch, Duration contact, Duration step, Duration heartbeat) {}
