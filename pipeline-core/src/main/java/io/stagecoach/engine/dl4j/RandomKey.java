package io.stagecoach.engine.dl4j;

import org.nd4j.linalg.factory.Nd4j;

/**
 * What the random masks of one replica of a network are keyed by. A mask is a function of (seed,
 * layer, source within the layer, step, micro-batch): not of the stage, the slot, the attempt or
 * the order of execution.
 */
final class RandomKey {

  private final long seed;
  private long step;
  private int microBatch;

  RandomKey(long seed) {
    this.seed = seed;
  }

  /** Says what is about to run. */
  void at(long newStep, int newMicroBatch) {
    step = newStep;
    microBatch = newMicroBatch;
  }

  /**
   * Seeds this thread's generator for one draw.
   *
   * @param layer the layer's index in the whole model
   * @param source which of the layer's random sources
   */
  void seedGenerator(int layer, long source) {
    long key = mix(seed);
    key = mix(key ^ layer);
    key = mix(key ^ source);
    key = mix(key ^ step);
    key = mix(key ^ microBatch);
    Nd4j.getRandom().setSeed(key);
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood 2014) over the next state. */
  private static long mix(long state) {
    long z = state + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
