package io.stagecoach.schedule;

/**
 * What can be said of a pipeline without simulating it, where all stages take the same time and
 * every executor has one stage: GPipe and 1F1B, which idle alike.
 *
 * @param stages how many stages there are
 * @param microBatches how many micro-batches make a step
 */
public record ClosedForm(int stages, int microBatches) {

  public ClosedForm {
    if (stages < 1 || microBatches < 1) {
      throw new IllegalArgumentException(stages + " stages, " + microBatches + " micro-batches");
    }
  }

  /** The share of a step in which a device waits, where hops take no time: (S−1)/(M+S−1). */
  public double bubble() {
    return (stages - 1.0) / (microBatches + stages - 1.0);
  }

  /**
   * How long each device waits in a step, where hops take no time: (S−1)(f+b).
   *
   * @param forward the time of a forward pass of one micro-batch in one stage
   * @param backward the time of a backward pass
   */
  public long idle(long forward, long backward) {
    return (stages - 1L) * (forward + backward);
  }

  /** The time of a step, where hops take no time: (M+S−1)(f+b). */
  public long makespan(long forward, long backward) {
    return (microBatches + stages - 1L) * (forward + backward);
  }

  /** The time of a GPipe step whose hops take {@code hop}: (M+S−1)(f+b) + 2(S−1)c. */
  public long gpipeMakespan(long forward, long backward, long hop) {
    return makespan(forward, backward) + 2 * (stages - 1L) * hop;
  }

  /** The most micro-batches that GPipe stashes at any stage: M. */
  public int gpipePeakStash() {
    return microBatches;
  }

  /** The most micro-batches that 1F1B stashes at a stage: min(M, S−s). */
  public int oneForwardOneBackwardPeakStash(int stage) {
    return Math.min(microBatches, stages - stage);
  }

  /** The speed-up over one device, where the stages divide its work evenly: S·M/(M+S−1). */
  public double speedUp() {
    return (double) stages * microBatches / (microBatches + stages - 1.0);
  }
}
