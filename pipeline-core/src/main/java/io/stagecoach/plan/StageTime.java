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

  /** The part of it that a stage takes once more if it keeps only its inputs: the forward pass. */
  default long again(int stage, int first, int end) {
    return 0;
  }

  /** The time with what the stage does twice. */
  default long of(int stage, int first, int end, Stash stash) {
    return of(stage, first, end) + (stash == Stash.INPUTS ? again(stage, first, end) : 0);
  }

  /** Two times put together: all of it, and the part that is done again by who keeps the inputs. */
  static StageTime of(StageTime whole, StageTime forward) {
    return new StageTime() {
      @Override
      public long of(int stage, int first, int end) {
        return whole.of(stage, first, end);
      }

      @Override
      public long again(int stage, int first, int end) {
        return forward.of(stage, first, end);
      }
    };
  }

  /** The same at every stage: the sum of what the layers weigh, of which nothing is done again. */
  static StageTime sum(ModelCosts model, ToLongFunction<LayerCost> weight) {
    long[] before = new long[model.size() + 1];
    for (int i = 0; i < model.size(); i++) {
      before[i + 1] = Math.addExact(before[i], weight.applyAsLong(model.layers().get(i)));
    }
    return (stage, first, end) -> before[end] - before[first];
  }

  /** The floating-point operations, the same at every stage. */
  static StageTime operations(ModelCosts model) {
    return of(sum(model, LayerCost::operations), sum(model, LayerCost::forwardOperations));
  }
}
