package io.stagecoach.sync;

import io.stagecoach.engine.Loss;

/** What the gradients, summed over a mini-batch, are divided by. */
public enum GradientWeight {
  /** The number of examples, as DL4J does, also for sequences. */
  EXAMPLES {
    @Override
    public long divisor(long examples, Loss loss) {
      return examples;
    }
  },
  /** The number of unmasked time steps. */
  TIME_STEPS {
    @Override
    public long divisor(long examples, Loss loss) {
      return loss.timeSteps();
    }
  };

  /** The divisor for a mini-batch of this many examples with this loss. */
  public abstract long divisor(long examples, Loss loss);
}
