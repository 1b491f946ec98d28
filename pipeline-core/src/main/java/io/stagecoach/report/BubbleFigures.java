package io.stagecoach.report;

/**
 * The share of a step in which devices waited, 0 to 1, and what it should have been.
 *
 * @param measured idle time of all stages, by the slowest stage's time times the number of stages
 * @param simulated what the simulator says of the schedule, given each stage's measured mean times
 *     and the measured hop latency
 * @param closedForm (S−1)/(M+S−1): stages that take the same time, and hops that take none
 * @param simulatedStep what the simulator says that the stages take in a step, in milliseconds
 * @param imbalance the slowest stage's compute by the mean stage's; 1 where all are even
 */
public record BubbleFigures(
    double measured, double simulated, double closedForm, double simulatedStep, double imbalance) {}
