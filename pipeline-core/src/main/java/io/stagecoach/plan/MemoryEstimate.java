package io.stagecoach.plan;

import java.io.Serializable;

/**
 * What a stage needs of its device's memory while it trains, in bytes.
 *
 * @param weights the weights and statistics
 * @param gradients one micro-batch's gradients
 * @param accumulator the step's gradients
 * @param stash what is kept for the backward passes, over all slots
 * @param working what the hungriest layer needs while it computes
 * @param transport activations and gradients under way to and from the neighbours
 * @param update what is held to update weights here: its own, and those that it mirrors
 */
public record MemoryEstimate(
    long weights,
    long gradients,
    long accumulator,
    long stash,
    long working,
    long transport,
    long update)
    implements Serializable {

  /** All of it. */
  public long total() {
    return weights + gradients + accumulator + stash + working + transport + update;
  }

  /** The same, but for what is held to update weights. */
  MemoryEstimate updating(long bytes) {
    return new MemoryEstimate(weights, gradients, accumulator, stash, working, transport, bytes);
  }
}
