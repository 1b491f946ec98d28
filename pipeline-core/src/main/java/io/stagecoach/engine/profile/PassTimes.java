package io.stagecoach.engine.profile;

import java.io.Serializable;

/**
 * What the passes of one micro-batch take, in nanoseconds.
 *
 * @param forward the forward pass
 * @param backward the backward pass in one piece
 * @param backwardInput the first half of a split backward pass
 * @param backwardWeights its second half; both 0 where the engine does not split
 */
public record PassTimes(long forward, long backward, long backwardInput, long backwardWeights)
    implements Serializable {

  /** Nothing at all. */
  public static final PassTimes NONE = new PassTimes(0, 0, 0, 0);

  /** One after the other. */
  public PassTimes plus(PassTimes next) {
    return new PassTimes(
        forward + next.forward,
        backward + next.backward,
        backwardInput + next.backwardInput,
        backwardWeights + next.backwardWeights);
  }

  /** Of each pass the faster one. */
  PassTimes fastest(PassTimes other) {
    return new PassTimes(
        Math.min(forward, other.forward),
        Math.min(backward, other.backward),
        Math.min(backwardInput, other.backwardInput),
        Math.min(backwardWeights, other.backwardWeights));
  }

  /** The same for so many times the work. */
  PassTimes times(double factor) {
    return new PassTimes(
        Math.round(factor * forward),
        Math.round(factor * backward),
        Math.round(factor * backwardInput),
        Math.round(factor * backwardWeights));
  }

  /** Forward and backward. */
  public long total() {
    return forward + backward;
  }
}
