package io.stagecoach.engine;

import java.io.Serializable;

/**
 * What a stage must know of the step that begins.
 *
 * @param step counts weight updates from 0, and is DL4J's iteration; a repeated attempt has the
 *     same
 * @param attempt counts tries of this step from 0
 * @param epoch from 0
 * @param microBatches how many micro-batches the step has, those of all replicas counted
 * @param blocks in how many {@link io.stagecoach.batch.Blocks} their gradients and losses are
 *     summed: first within each, then the blocks' sums in order. Each replica of a pipeline has one
 *     of them
 * @param mode whether the step trains or only looks
 * @param carriesState whether recurrent layers start each micro-batch from the state in which the
 *     step before left it: truncated back-propagation through time, second segment and later
 */
public record StepContext(
    long step,
    int attempt,
    int epoch,
    int microBatches,
    int blocks,
    Mode mode,
    boolean carriesState)
    implements Serializable {

  /** A step whose micro-batches are one block. */
  public StepContext(
      long step, int attempt, int epoch, int microBatches, Mode mode, boolean carriesState) {
    this(step, attempt, epoch, microBatches, 1, mode, carriesState);
  }

  /** Another try of the same step. */
  public StepContext again(int newAttempt) {
    return new StepContext(step, newAttempt, epoch, microBatches, blocks, mode, carriesState);
  }
}
