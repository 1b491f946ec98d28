package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.LayerCache;

/** Counts positions: all that layers need to know that look at one position alone. */
class PositionCache implements LayerCache {

  private final int maxLength;
  private int length;

  PositionCache(int maxLength) {
    this.maxLength = maxLength;
  }

  @Override
  public final int length() {
    return length;
  }

  /**
   * Counts new positions.
   *
   * @return how many there were before
   * @throws StagecoachException of kind {@code DATA} where there is no room
   */
  final int advance(int positions) {
    if (length + positions > maxLength) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "the text has more than " + maxLength + " tokens, for which there is room",
          "Generate fewer tokens, or shorten the prompt.");
    }
    int before = length;
    length += positions;
    return before;
  }

  @Override
  public void close() {}
}
