package io.stagecoach.batch;

/**
 * A mini-batch's micro-batches in blocks: neighbours together, as evenly as it goes, the longer
 * blocks spread among the others. Block {@code b} begins at micro-batch ⌈b · microBatches /
 * blocks⌉; where there are fewer micro-batches than blocks, some blocks are empty.
 *
 * @param microBatches how many micro-batches there are, at least 1
 * @param blocks how many blocks, at least 1
 */
public record Blocks(int microBatches, int blocks) {

  public Blocks {
    if (microBatches < 1 || blocks < 1) {
      throw new IllegalArgumentException(microBatches + " micro-batches, " + blocks + " blocks");
    }
  }

  /** The first micro-batch of a block; of the one behind the last, the number of micro-batches. */
  public int first(int block) {
    return (int) (((long) block * microBatches + blocks - 1) / blocks);
  }

  /** How many micro-batches a block has. */
  public int size(int block) {
    return first(block + 1) - first(block);
  }

  /** How many micro-batches the longest block has. */
  public int longest() {
    return size(0);
  }

  /** The block of a micro-batch. */
  public int of(int microBatch) {
    return (int) ((long) microBatch * blocks / microBatches);
  }
}
