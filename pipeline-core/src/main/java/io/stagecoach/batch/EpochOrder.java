package io.stagecoach.batch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * In which order an epoch visits the rows of a split: a pure function of seed, epoch and the
 * chunks' row counts. The chunks are permuted; then the rows are permuted among each window of so
 * many consecutive chunks, so that whoever reads in this order needs one window of chunks at a
 * time. Memory is a number per chunk and one per row of a window. Not thread-safe.
 */
public final class EpochOrder {

  /** A row's place. */
  public record Place(int chunk, int row) {}

  private final int[] chunkRows;
  private final int[] chunkOrder;
  private final int windowChunks;
  private final boolean shuffled;
  private final long key;

  /** The first position of each window, and behind the last one the number of rows. */
  private final long[] windowStarts;

  private int currentWindow = -1;
  private int[] rowOrder = {};
  private int[] firstRows = {};

  private EpochOrder(
      List<Integer> rows, int[] chunkOrder, int windowChunks, boolean shuffled, long key) {
    this.chunkRows = rows.stream().mapToInt(Integer::intValue).toArray();
    this.chunkOrder = chunkOrder;
    this.windowChunks = windowChunks;
    this.shuffled = shuffled;
    this.key = key;
    int windows = (chunkOrder.length + windowChunks - 1) / windowChunks;
    this.windowStarts = new long[windows + 1];
    for (int i = 0; i < chunkOrder.length; i++) {
      windowStarts[i / windowChunks + 1] += chunkRows[chunkOrder[i]];
    }
    Arrays.parallelPrefix(windowStarts, Long::sum);
  }

  /** The order in which the rows are stored. */
  public static EpochOrder stored(List<Integer> chunkRows) {
    return new EpochOrder(chunkRows, identity(chunkRows.size()), 1, false, 0);
  }

  /**
   * The order of an epoch.
   *
   * @param chunkRows the rows of each chunk, in stored order
   * @param windowChunks among the rows of how many chunks a row is permuted; at least 1
   */
  public static EpochOrder shuffled(
      List<Integer> chunkRows, long seed, int epoch, int windowChunks) {
    if (windowChunks < 1) {
      throw new IllegalArgumentException("a window of " + windowChunks + " chunks");
    }
    long key = SplitMix.mix(SplitMix.mix(seed) + epoch);
    int[] chunkOrder = identity(chunkRows.size());
    new SplitMix(key).shuffle(chunkOrder);
    return new EpochOrder(chunkRows, chunkOrder, windowChunks, true, key);
  }

  private static int[] identity(int size) {
    int[] order = new int[size];
    Arrays.setAll(order, i -> i);
    return order;
  }

  /** How many rows the epoch has. */
  public long rows() {
    return windowStarts[windowStarts.length - 1];
  }

  /** The row at this position. */
  public Place at(long position) {
    if (position < 0 || position >= rows()) {
      throw new IndexOutOfBoundsException("position " + position + " of " + rows());
    }
    int found = Arrays.binarySearch(windowStarts, position);
    enter(found >= 0 ? found : -found - 2);
    int inWindow = rowOrder[(int) (position - windowStarts[currentWindow])];
    int place = Arrays.binarySearch(firstRows, inWindow);
    int chunkInWindow = place >= 0 ? place : -place - 2;
    return new Place(
        chunkOrder[currentWindow * windowChunks + chunkInWindow],
        inWindow - firstRows[chunkInWindow]);
  }

  /** The rows at these positions. */
  public List<Place> at(long first, int count) {
    List<Place> places = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      places.add(at(first + i));
    }
    return places;
  }

  private void enter(int window) {
    if (window == currentWindow) {
      return;
    }
    int chunks = Math.min(windowChunks, chunkOrder.length - window * windowChunks);
    firstRows = new int[chunks];
    int rows = 0;
    for (int i = 0; i < chunks; i++) {
      firstRows[i] = rows;
      rows = Math.addExact(rows, chunkRows[chunkOrder[window * windowChunks + i]]);
    }
    rowOrder = identity(rows);
    if (shuffled) {
      new SplitMix(SplitMix.mix(key ^ SplitMix.mix(window + 1L))).shuffle(rowOrder);
    }
    currentWindow = window;
  }
}
