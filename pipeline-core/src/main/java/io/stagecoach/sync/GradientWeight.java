package io.stagecoach.sync;

import io.stagecoach.engine.Loss;

/** What the gradients, summed over a mini-batch, are divided by. */
public enum GradientWeight {
  /** The number of examples, as DL4J does, also for sequences. */
  EXAMPLES("examples") {
    @Override
    public long divisor(long examples, Loss loss) {
      return examples;
    }
  },
  /** The number of unmasked time steps. */
  TIME_STEPS("timeSteps") {
    @Override
    public long divisor(long examples, Loss loss) {
      return loss.timeSteps();
    }
  };

  private final String word;

  GradientWeight(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }

  /** The divisor for a mini-batch of this many examples with this loss. */
  public abstract long divisor(long examples, Loss loss);
}
