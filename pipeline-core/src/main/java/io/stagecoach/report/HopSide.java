package io.stagecoach.report;

/**
 * One side of the hops.
 *
 * @param perStep how many hops in a step
 * @param bytes bytes on the wire of a hop; NaN where there were none
 * @param millis a hop's time on this side: encoding and waiting for credit where it is sent, from
 *     the first byte to the tensors where it is received; NaN where there were none
 */
public record HopSide(double perStep, double bytes, double millis) {}
