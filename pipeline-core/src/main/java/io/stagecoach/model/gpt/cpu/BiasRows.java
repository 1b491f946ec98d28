package io.stagecoach.model.gpt.cpu;

/**
 * What a product is added to: rows that are a bias, or a bias and a residual. Written before the
 * product, which then adds itself in BLAS, they cost no pass over its result.
 *
 * <p>One instance serves one thread and one width.
 */
final class BiasRows {

  private static final int TILE = 4096;

  private final int width;
  private final int tileRows;
  private final float[] bias;
  private final float[] sum;

  BiasRows(int width) {
    this.width = width;
    this.tileRows = Math.max(1, TILE / width);
    this.bias = new float[tileRows * width];
    this.sum = new float[tileRows * width];
  }

  int width() {
    return width;
  }

  /**
   * Writes the bias to each row.
   *
   * @param biases [width]
   * @param output [rows, width]
   */
  void fill(Floats biases, Floats output) {
    readSpread(biases);
    long length = output.length();
    for (long at = 0; at < length; at += bias.length) {
      output.write(at, bias, (int) Math.min(bias.length, length - at));
    }
  }

  /** Writes the bias and a residual, [rows, width], to each row. */
  void fill(Floats biases, Floats residual, Floats output) {
    readSpread(biases);
    long length = output.length();
    for (long at = 0; at < length; at += bias.length) {
      int n = (int) Math.min(bias.length, length - at);
      residual.read(at, sum, n);
      add(sum, bias, n);
      output.write(at, sum, n);
    }
  }

  private void readSpread(Floats biases) {
    biases.read(0, bias, width);
    Rows.spread(bias, width, tileRows);
  }

  private static void add(float[] sum, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += x[i];
    }
  }
}
