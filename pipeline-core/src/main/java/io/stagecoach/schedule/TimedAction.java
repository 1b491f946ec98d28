package io.stagecoach.schedule;

/**
 * When an action runs, since the step's begin, in the unit of the costs.
 *
 * @param executor on which executor
 * @param action which action
 * @param start when it begins
 * @param end when it ends; for a receive this includes the wait, for a send the wait for credit
 */
public record TimedAction(int executor, Action action, long start, long end) {}
