package io.stagecoach.model.gpt.cpu;

import java.util.Arrays;

/**
 * Softmax of rows, some at a time. One instance serves one thread and one width.
 *
 * <p>After {@link #exponentials} the tile holds e^(z - z_max) of its rows, and {@link #total} the
 * sum of each.
 */
final class RowSoftmax {

  private static final int TILE = 4096;

  private final int width;
  private final int tileRows;
  private final Exponential exponential = new Exponential();
  private final float[] tile;
  private final float[] spread;
  private final float[] largest;
  private final float[] totals;

  RowSoftmax(int width) {
    this.width = width;
    this.tileRows = Math.max(1, TILE / width);
    this.tile = new float[tileRows * width];
    this.spread = new float[tileRows * width];
    this.largest = new float[tileRows];
    this.totals = new float[tileRows];
  }

  /** How many rows are done at once. */
  int tileRows() {
    return tileRows;
  }

  /** Reads rows of logits, [rows, width], into the tile, and raises e to what is left of them. */
  void exponentials(Floats logits, int firstRow, int rows) {
    int n = rows * width;
    logits.read((long) firstRow * width, tile, n);
    for (int r = 0; r < rows; r++) {
      largest[r] = largest(r * width);
      Arrays.fill(spread, r * width, (r + 1) * width, largest[r]);
    }
    subtract(tile, spread, n);
    exponential.apply(tile, n);
    for (int r = 0; r < rows; r++) {
      totals[r] = Sums.of(tile, r * width, width);
    }
  }

  /** The largest logit of a row of the tile. */
  float largestLogit(int row) {
    return largest[row];
  }

  /** The sum of a row of the tile. */
  float total(int row) {
    return totals[row];
  }

  /** Divides each row of the tile by its sum and multiplies it by a factor. */
  void normalize(int rows, float[] factors) {
    for (int r = 0; r < rows; r++) {
      Arrays.fill(spread, r * width, (r + 1) * width, factors[r] / totals[r]);
    }
    multiply(tile, spread, rows * width);
  }

  /** Adds to one number of a row of the tile. */
  void add(int row, int column, float addend) {
    tile[row * width + column] += addend;
  }

  /** Writes the tile's rows. */
  void write(Floats output, int firstRow, int rows) {
    output.write((long) firstRow * width, tile, rows * width);
  }

  private float largest(int from) {
    float most = tile[from];
    for (int i = from + 1; i < from + width; i++) {
      if (tile[i] > most) {
        most = tile[i];
      }
    }
    return most;
  }

  private static void subtract(float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      a[i] -= b[i];
    }
  }

  private static void multiply(float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      a[i] *= b[i];
    }
  }
}
