package io.stagecoach.model.gpt.cpu;

/**
 * What the rows of a tile have to do with each other: one row spread over all, or all folded into
 * the first, by halves, so that each loop is one long run.
 */
final class Rows {

  private Rows() {}

  /** Copies the first row to all. */
  static void spread(float[] tile, int width, int rows) {
    int done = width;
    int all = width * rows;
    while (done < all) {
      int n = Math.min(done, all - done);
      System.arraycopy(tile, 0, tile, done, n);
      done += n;
    }
  }

  /** Leaves in the first row the sum of all; the others are undefined after. */
  static void addUp(float[] tile, float[] scratch, int width, int rows) {
    int left = rows;
    while (left > 1) {
      int folded = left / 2;
      left -= folded;
      System.arraycopy(tile, left * width, scratch, 0, folded * width);
      add(tile, scratch, folded * width);
    }
  }

  /**
   * Leaves in the first row the largest of each column, give or take the rounding of a sum of two
   * such numbers: enough to keep an exponential in range, and without a comparison. The other rows
   * are undefined after.
   */
  static void nearlyLargest(float[] tile, float[] scratch, int width, int rows) {
    int left = rows;
    while (left > 1) {
      int folded = left / 2;
      left -= folded;
      System.arraycopy(tile, left * width, scratch, 0, folded * width);
      larger(tile, scratch, folded * width);
    }
  }

  private static void add(float[] sum, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += x[i];
    }
  }

  private static void larger(float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      a[i] = 0.5f * (a[i] + b[i] + Math.abs(a[i] - b[i]));
    }
  }
}
