package io.stagecoach.model.gpt.cpu;

/**
 * How the attention scores of one head are laid out: the queries in blocks, and of each block only
 * the keys up to its last query, which is some half of all. A block is a panel, keys by queries, so
 * that a query is a column: what softmax sums and compares lies in different rows, and one loop
 * does it for many queries at once.
 *
 * @param time queries, and keys, of an example
 */
record CausalBlocks(int time) {

  private static final int QUERIES = 64;

  /** Columns of a panel, used or not. */
  int stride() {
    return Math.min(QUERIES, time);
  }

  int count() {
    return (time + stride() - 1) / stride();
  }

  int firstQuery(int block) {
    return block * stride();
  }

  int queries(int block) {
    return Math.min(stride(), time - firstQuery(block));
  }

  /** How many keys its last query sees. */
  int keys(int block) {
    return firstQuery(block) + queries(block);
  }

  /** Where its panel starts in the numbers of the head. */
  long start(int block) {
    return (long) stride() * stride() * block * (block + 1) / 2;
  }

  /** Numbers of a head. */
  long headLength() {
    int last = count() - 1;
    return start(last) + (long) keys(last) * stride();
  }

  /** Numbers of the largest panel. */
  int panelLength() {
    return time * stride();
  }
}
