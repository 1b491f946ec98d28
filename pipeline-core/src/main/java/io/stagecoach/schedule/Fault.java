package io.stagecoach.schedule;

/**
 * What is wrong with a schedule, and in which cell.
 *
 * @param what what is wrong
 * @param executor on which executor
 * @param index at which of its actions; the length of its list where something is missing
 * @param action the wrong action, or the one that is missing
 */
record Fault(String what, int executor, int index, Action action) {}
