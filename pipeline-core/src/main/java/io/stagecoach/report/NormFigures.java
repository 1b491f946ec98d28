package io.stagecoach.report;

/**
 * The averaged gradient's norm before clipping, over all steps where it was finite.
 *
 * @param last of the last step
 * @param mean over the steps
 * @param most the largest
 */
public record NormFigures(double last, double mean, double most) {}
