package io.stagecoach.engine;

import java.io.Serializable;

/**
 * What a stage must know of the step that begins.
 *
 * @param step counts weight updates from 0, and is DL4J's iteration; a repeated attempt has the
 *     same
 * @param attempt counts tries of this step from 0
 * @param epoch from 0
 * @param microBatches how many micro-batches the step has
 * @param mode whether the step trains or only looks
 * @param carriesState whether recurrent layers start each micro-batch from the state in which the
 *     step before left it: truncated back-propagation through time, second segment and later
 */
public record StepContext(
    long step, int attempt, int epoch, int microBatches, Mode mode, boolean carriesState)
    implements Serializable {}
