package io.stagecoach.scale;

/**
 * The end of a step, from the last backward pass on.
 *
 * @param seconds from the end of the slowest stage's passes until the next step can begin
 * @param driverBytes what passes the driver's link, in the direction that has more
 * @param driverSeconds the time in which the driver receives, computes or sends
 */
public record BarrierLoad(double seconds, double driverBytes, double driverSeconds) {}
