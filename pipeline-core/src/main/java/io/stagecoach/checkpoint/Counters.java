package io.stagecoach.checkpoint;

/**
 * What learning-rate schedules and random masks count.
 *
 * @param updates how many updates the model has seen, over all runs: DL4J's iterations
 * @param epochs how many whole epochs, over all runs
 * @param firstUpdate how many updates it had seen when the run began: where its learning-rate
 *     schedule begins
 * @param firstEpoch how many whole epochs it had seen then
 * @param consecutiveSkips how many steps in a row have been skipped, the last one among them
 */
public record Counters(
    long updates, int epochs, long firstUpdate, int firstEpoch, int consecutiveSkips) {}
