package io.stagecoach.plan;

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
}
