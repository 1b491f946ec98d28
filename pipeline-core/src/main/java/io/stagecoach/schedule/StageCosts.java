package io.stagecoach.schedule;

import java.util.Collections;
import java.util.List;

/**
 * What a pipeline's parts cost, in one unit of time throughout (nanoseconds, where measured).
 *
 * @param forward each stage's time for the forward pass of one micro-batch
 * @param backward each stage's time for the backward pass of one micro-batch
 * @param hop the time from a send to when the next stage can have it; no device is occupied
 *     meanwhile
 */
public record StageCosts(List<Long> forward, List<Long> backward, long hop) {

  public StageCosts {
    forward = List.copyOf(forward);
    backward = List.copyOf(backward);
    if (forward.size() != backward.size()) {
      throw new IllegalArgumentException(
          forward.size() + " forward times, " + backward.size() + " backward times");
    }
    if (hop < 0 || Collections.min(forward) < 0 || Collections.min(backward) < 0) {
      throw new IllegalArgumentException("a time is negative");
    }
  }

  /** The same for every stage. */
  public static StageCosts equal(int stages, long forward, long backward, long hop) {
    return new StageCosts(
        Collections.nCopies(stages, forward), Collections.nCopies(stages, backward), hop);
  }
}
