package io.stagecoach.batch;

import java.util.ArrayList;
import java.util.List;

/**
 * How the rows of a split are cut into mini-batches and those into micro-batches: arithmetic only.
 * A mini-batch's micro-batches have ceil(batchSize / microBatches) rows, the last one what is left;
 * so there may be fewer than asked for, in the last mini-batch above all.
 *
 * @param rows the rows of the split
 * @param batchSize the rows of a mini-batch; the last one of an epoch may have fewer
 * @param microBatches into how many micro-batches a mini-batch is cut
 */
public record MicroBatches(long rows, int batchSize, int microBatches) {

  public MicroBatches {
    if (rows < 0 || batchSize < 1 || microBatches < 1) {
      throw new IllegalArgumentException(
          rows + " rows, batch size " + batchSize + ", micro-batches " + microBatches);
    }
  }

  /** The mini-batches of an epoch, the last smaller one included. */
  public long steps() {
    return (rows + batchSize - 1) / batchSize;
  }

  /** The mini-batches of full size. */
  public long fullSteps() {
    return rows / batchSize;
  }

  /** The rows of every micro-batch but the last of its mini-batch. */
  public int microBatchSize() {
    return (batchSize + microBatches - 1) / microBatches;
  }

  /** The rows of the epoch's mini-batch {@code step}, from 0. */
  public int rowsOf(long step) {
    if (step < 0 || step >= steps()) {
      throw new IllegalArgumentException("step " + step + " of " + steps() + " in an epoch");
    }
    return (int) Math.min(batchSize, rows - step * batchSize);
  }

  /** The micro-batches of the epoch's mini-batch {@code step}, from 0, in order. */
  public List<Slice> slices(Slice.Split split, int epoch, long step) {
    int left = rowsOf(step);
    long first = step * batchSize;
    List<Slice> slices = new ArrayList<>(microBatches);
    while (left > 0) {
      int size = Math.min(left, microBatchSize());
      slices.add(Slice.of(split, epoch, first, size));
      first += size;
      left -= size;
    }
    return slices;
  }
}
