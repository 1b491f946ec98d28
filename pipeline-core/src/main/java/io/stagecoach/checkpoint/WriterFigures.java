package io.stagecoach.checkpoint;

/**
 * What checkpoints have cost so far.
 *
 * @param written how many were committed
 * @param failed how many could not be written
 * @param postponed how many times one was due while another was still being written
 * @param heldNanos how long steps were held up, in all
 * @param writeNanos how long writing took, in all, beside the steps or not
 */
public record WriterFigures(
    long written, long failed, long postponed, long heldNanos, long writeNanos) {}
