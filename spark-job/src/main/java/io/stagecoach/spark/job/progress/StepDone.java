package io.stagecoach.spark.job.progress;

/**
 * One step that was committed.
 *
 * @param done how many steps of the run are done, this one among them; the first step says 1
 * @param epoch the epoch that the step belongs to, from 1
 * @param loss the step's mean loss per example, or per time step where the model is recurrent
 * @param examplesPerSecond the rate of this step
 */
public record StepDone(long done, int epoch, double loss, double examplesPerSecond) {}
