package io.stagecoach.sync;

/**
 * What the driver made of a step.
 *
 * @param decision what is to be done
 * @param outcome what is known of the step
 */
public record Judgement(StepDecision decision, StepOutcome outcome) {}
