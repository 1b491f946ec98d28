package io.stagecoach.report;

import io.stagecoach.tensor.Narrowing;

/**
 * The hops of all stages together.
 *
 * @param sent as those who send see them
 * @param received as those who receive see them
 * @param narrowing what became of the values that were sent as float16, of all steps, warm-up
 *     included
 */
public record HopFigures(HopSide sent, HopSide received, Narrowing narrowing) {

  /**
   * How long a hop takes, in milliseconds: both sides; 0 where there were none. Time on the wire
   * before a frame's first byte is not in it, for want of a common clock.
   */
  public double latencyMillis() {
    return sent.perStep() == 0 ? 0 : sent.millis() + received.millis();
  }
}
