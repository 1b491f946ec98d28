package io.stagecoach.spark.data;

/** What comes of reading a picture for a network. */
sealed interface Picture {

  /**
   * Its numbers, each from 0 (nothing of that channel) to 1, in the network's own order.
   *
   * @param values the reader's own array, not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Pixels(double[] values) implements Picture {}

  /**
   * It is of another size than the network reads.
   *
   * @param height in pixels
   * @param width in pixels
   */
  record OtherSize(int height, int width) implements Picture {}

  /**
   * It cannot be read.
   *
   * @param why the end of the sentence "it cannot be read: …"
   */
  record Unreadable(String why) implements Picture {}
}
