package io.stagecoach.report;

/**
 * A step that was run again, after a failure of the cluster.
 *
 * @param step the weight update that the step was to make, from 0
 * @param what what had failed
 * @param executors how many executors the stages were on then
 * @param seconds from when the failure was known until the stages were told the step again
 */
public record Recovered(long step, String what, int executors, double seconds) {}
