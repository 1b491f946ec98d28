package io.stagecoach.model.gpt;

/**
 * The sizes of one pass through a transformer block.
 *
 * @param examples how many sequences
 * @param time how many positions each has
 * @param width numbers at a position; a multiple of the heads
 * @param heads attention heads
 * @param hidden width of the feed-forward layer between its two products
 */
public record BlockShape(int examples, int time, int width, int heads, int hidden) {

  /** Positions of all examples. */
  public int rows() {
    return examples * time;
  }

  /** Numbers of a position in one head. */
  public int headWidth() {
    return width / heads;
  }
}
