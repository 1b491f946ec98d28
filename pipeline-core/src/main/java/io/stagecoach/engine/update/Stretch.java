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
}
