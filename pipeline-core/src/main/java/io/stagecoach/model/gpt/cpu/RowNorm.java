package io.stagecoach.model.gpt.cpu;

import java.util.Arrays;

/**
 * Layer norm: each row to mean 0 and variance 1, then gain and bias, and its gradients. Some rows
 * at a time are a tile, on which every loop is one run over all of its numbers.
 *
 * <p>One instance serves one thread and one width.
 */
final class RowNorm {

  private static final int TILE = 4096;

  private final int width;
  private final double epsilon;
  private final int tileRows;
  private final float[] x;
  private final float[] gain;
  private final float[] bias;
  private final float[] mean;
  private final float[] scale;
  private final float[] gradient;
  private final float[] weighted;
  private final float[] products;
  private final float[] through;
  private final float[] gainSums;
  private final float[] biasSums;
  private final float[] statistics;

  RowNorm(int width, double epsilon) {
    this.width = width;
    this.epsilon = epsilon;
    this.tileRows = Math.max(1, TILE / width);
    int tile = tileRows * width;
    x = new float[tile];
    gain = new float[tile];
    bias = new float[tile];
    mean = new float[tile];
    scale = new float[tile];
    gradient = new float[tile];
    weighted = new float[tile];
    products = new float[tile];
    through = new float[tile];
    gainSums = new float[tile];
    biasSums = new float[tile];
    statistics = new float[2 * tileRows];
  }

  int width() {
    return width;
  }

  /**
   * Norms rows.
   *
   * @param input [rows, width]
   * @param gains [width]
   * @param biases [width]
   * @param output [rows, width]; written
   * @param kept [rows, 2]; written with what backward needs
   */
  void forward(Floats input, Floats gains, Floats biases, Floats output, Floats kept) {
    readSpread(gains, gain);
    readSpread(biases, bias);
    int rows = rows(input);
    for (int row = 0; row < rows; row += tileRows) {
      int n = Math.min(tileRows, rows - row);
      input.read((long) row * width, x, n * width);
      measure(n);
      apply(x, scale, gain, bias, n * width);
      output.write((long) row * width, x, n * width);
      kept.write(2L * row, statistics, 2 * n);
    }
  }

  /** Takes the mean off the tile's rows, and has the factor that makes their variance 1. */
  private void measure(int rows) {
    for (int r = 0; r < rows; r++) {
      float rowMean = Sums.of(x, r * width, width) / width;
      statistics[2 * r] = rowMean;
      Arrays.fill(mean, r * width, (r + 1) * width, rowMean);
    }
    center(x, mean, products, rows * width);
    for (int r = 0; r < rows; r++) {
      double variance = Sums.of(products, r * width, width) / width;
      float factor = (float) (1 / Math.sqrt(variance + epsilon));
      statistics[2 * r + 1] = factor;
      Arrays.fill(scale, r * width, (r + 1) * width, factor);
    }
  }

  /**
   * The gradients of {@link #forward}.
   *
   * @param input that it had
   * @param gains that it had
   * @param kept that it wrote
   * @param outputGradient [rows, width]
   * @param beside [rows, width], added to the input's gradient: what reaches the input past the
   *     norm
   * @param inputGradient [rows, width]; written; may be one with {@code beside}
   * @param gainGradient [width]; written
   * @param biasGradient [width]; written
   */
  void backward(
      Floats input,
      Floats gains,
      Floats kept,
      Floats outputGradient,
      Floats beside,
      Floats inputGradient,
      Floats gainGradient,
      Floats biasGradient) {
    readSpread(gains, gain);
    Arrays.fill(gainSums, 0);
    Arrays.fill(biasSums, 0);
    int rows = rows(input);
    for (int row = 0; row < rows; row += tileRows) {
      int n = Math.min(tileRows, rows - row);
      long first = (long) row * width;
      input.read(first, x, n * width);
      outputGradient.read(first, gradient, n * width);
      beside.read(first, through, n * width);
      kept.read(2L * row, statistics, 2 * n);
      spreadStatistics(n);
      normalize(x, mean, scale, n * width);
      addTo(gainSums, biasSums, gradient, x, n * width);
      weigh(gradient, gain, x, weighted, products, n * width);
      spreadMeans(n);
      addInputGradient(through, scale, weighted, mean, x, products, n * width);
      inputGradient.write(first, through, n * width);
    }
    writeFolded(gainSums, gainGradient);
    writeFolded(biasSums, biasGradient);
  }

  private void spreadStatistics(int rows) {
    for (int r = 0; r < rows; r++) {
      Arrays.fill(mean, r * width, (r + 1) * width, statistics[2 * r]);
      Arrays.fill(scale, r * width, (r + 1) * width, statistics[2 * r + 1]);
    }
  }

  /** The rows' means of the weighted gradient and of its product with the normed input. */
  private void spreadMeans(int rows) {
    for (int r = 0; r < rows; r++) {
      int from = r * width;
      float ofProducts = Sums.of(products, from, width) / width;
      Arrays.fill(mean, from, from + width, Sums.of(weighted, from, width) / width);
      Arrays.fill(products, from, from + width, ofProducts);
    }
  }

  private int rows(Floats array) {
    return Math.toIntExact(array.length() / width);
  }

  private void readSpread(Floats vector, float[] tile) {
    vector.read(0, tile, width);
    Rows.spread(tile, width, tileRows);
  }

  private void writeFolded(float[] tile, Floats vector) {
    Rows.addUp(tile, products, width, tileRows);
    vector.write(0, tile, width);
  }

  private static void center(float[] x, float[] mean, float[] squares, int n) {
    for (int i = 0; i < n; i++) {
      float centered = x[i] - mean[i];
      x[i] = centered;
      squares[i] = centered * centered;
    }
  }

  private static void apply(float[] x, float[] scale, float[] gain, float[] bias, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] * scale[i] * gain[i] + bias[i];
    }
  }

  private static void normalize(float[] x, float[] mean, float[] scale, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = (x[i] - mean[i]) * scale[i];
    }
  }

  private static void addTo(
      float[] gainSums, float[] biasSums, float[] gradient, float[] normed, int n) {
    for (int i = 0; i < n; i++) {
      gainSums[i] += gradient[i] * normed[i];
      biasSums[i] += gradient[i];
    }
  }

  private static void weigh(
      float[] gradient, float[] gain, float[] normed, float[] weighted, float[] products, int n) {
    for (int i = 0; i < n; i++) {
      float w = gradient[i] * gain[i];
      weighted[i] = w;
      products[i] = w * normed[i];
    }
  }

  private static void addInputGradient(
      float[] sum,
      float[] scale,
      float[] weighted,
      float[] mean,
      float[] normed,
      float[] meanProduct,
      int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += scale[i] * (weighted[i] - mean[i] - normed[i] * meanProduct[i]);
    }
  }
}
