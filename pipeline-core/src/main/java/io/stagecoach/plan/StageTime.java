package io.stagecoach.plan;

import java.util.function.ToLongFunction;

/**
 * What a run of layers takes as a certain stage: on that stage's device, which may be slower than
 * others. More layers never take less.
 */
@FunctionalInterface
public interface StageTime {

  /**
   * The time of the layers from {@code first} to before {@code end}, for one micro-batch, in any
   * unit that is the same throughout.
   */
  long of(int stage, int first, int end);

  /** The same at every stage: the sum of what the layers weigh. */
  static StageTime sum(ModelCosts model, ToLongFunction<LayerCost> weight) {
    long[] before = new long[model.size() + 1];
    for (int i = 0; i < model.size(); i++) {
      before[i + 1] = Math.addExact(before[i], weight.applyAsLong(model.layers().get(i)));
    }
    return (stage, first, end) -> before[end] - before[first];
  }
}
