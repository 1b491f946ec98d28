package io.stagecoach.engine.update;

import java.util.List;

/**
 * Neighbouring elements that are updated alike.
 *
 * @param offset the first one's place in the weights and the gradients
 * @param length how many there are
 * @param states the first one's places in the updater's state: one for each value that it keeps of
 *     a parameter
 */
public record Stretch(long offset, long length, List<Long> states) {

  public Stretch {
    states = List.copyOf(states);
  }

  /** Whether another one begins where this one ends, in the weights and in the updater's state. */
  boolean isFollowedBy(Stretch next) {
    return offset + length == next.offset
        && states.stream().map(place -> place + length).toList().equals(next.states);
  }

  /** The whole of this one and one that follows it. */
  Stretch and(Stretch next) {
    return new Stretch(offset, length + next.length, states);
  }

  /**
   * One of several shares that make up the whole, about as long as the others.
   *
   * @param share which one
   * @param shares how many there are
   * @param unit all but the last one's lengths are multiples of this
   */
  Stretch share(int share, int shares, int unit) {
    long units = (length + unit - 1) / unit;
    long from = units * share / shares * unit;
    long to = Math.min(length, units * (share + 1) / shares * unit);
    return new Stretch(
        offset + from, to - from, states.stream().map(place -> place + from).toList());
  }
}
