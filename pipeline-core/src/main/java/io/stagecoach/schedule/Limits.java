package io.stagecoach.schedule;

import java.util.Collections;
import java.util.List;

/**
 * What a schedule must get by with.
 *
 * @param credits how many messages may be on a link (one direction between two stages) before a
 *     send waits for a receive; at least 1
 * @param stash for each stage how many micro-batches may be stashed at once
 */
public record Limits(int credits, List<Integer> stash) {

  public Limits {
    stash = List.copyOf(stash);
    if (credits < 1) {
      throw new IllegalArgumentException(credits + " credits");
    }
  }

  /** Sends that never wait, and room for every micro-batch. */
  public static Limits none(int stages) {
    return new Limits(Integer.MAX_VALUE, Collections.nCopies(stages, Integer.MAX_VALUE));
  }

  /** The same, with so many credits. */
  public Limits withCredits(int count) {
    return new Limits(count, stash);
  }

  /** The same, with room for so many micro-batches at each stage. */
  public Limits withStash(List<Integer> room) {
    return new Limits(credits, room);
  }
}
