package io.stagecoach.model.gpt.cpu;

import java.util.Arrays;

/**
 * Softmax over the keys of each query in the panels of {@link CausalBlocks}, and its gradient.
 *
 * <p>One instance serves one thread and one length of sequence.
 */
final class CausalSoftmax {

  private final CausalBlocks blocks;
  private final Exponential exponential = new Exponential();
  private final float[] panel;
  private final float[] other;
  private final float[] spread;
  private final float[] scratch;

  CausalSoftmax(CausalBlocks blocks) {
    this.blocks = blocks;
    int length = blocks.panelLength();
    panel = new float[length];
    other = new float[length];
    spread = new float[length];
    scratch = new float[length / 2 + blocks.stride()];
  }

  CausalBlocks blocks() {
    return blocks;
  }

  /**
   * Replaces scores by probabilities; those of keys after the query become 0.
   *
   * @param at where the block's panel starts
   */
  void forward(Floats scores, long at, int block) {
    int width = blocks.stride();
    int keys = blocks.keys(block);
    int n = keys * width;
    scores.read(at, panel, n);
    hideLaterKeys(block);
    System.arraycopy(panel, 0, spread, 0, n);
    Rows.nearlyLargest(spread, scratch, width, keys);
    Rows.spread(spread, width, keys);
    subtract(panel, spread, n);
    exponential.apply(panel, n);
    dropLaterKeys(block);
    System.arraycopy(panel, 0, spread, 0, n);
    Rows.addUp(spread, scratch, width, keys);
    invert(spread, width);
    Rows.spread(spread, width, keys);
    multiply(panel, spread, n);
    scores.write(at, panel, n);
  }

  /**
   * Replaces the gradient of the probabilities by that of the scores.
   *
   * @param at where the block's panel of probabilities starts
   * @param gradientsAt where its panel of gradients starts
   */
  void backward(Floats probabilities, long at, Floats gradients, long gradientsAt, int block) {
    int width = blocks.stride();
    int keys = blocks.keys(block);
    int n = keys * width;
    probabilities.read(at, panel, n);
    gradients.read(gradientsAt, other, n);
    product(panel, other, spread, n);
    Rows.addUp(spread, scratch, width, keys);
    Rows.spread(spread, width, keys);
    scoreGradient(panel, other, spread, n);
    gradients.write(gradientsAt, other, n);
  }

  /** Gives keys after the query the score of the first key, which every query sees. */
  private void hideLaterKeys(int block) {
    int width = blocks.stride();
    int first = blocks.firstQuery(block);
    for (int key = Math.max(1, first); key < blocks.keys(block); key++) {
      System.arraycopy(panel, 0, panel, key * width, key - first);
    }
  }

  private void dropLaterKeys(int block) {
    int width = blocks.stride();
    int first = blocks.firstQuery(block);
    for (int key = first; key < blocks.keys(block); key++) {
      Arrays.fill(panel, key * width, key * width + key - first, 0);
    }
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

  private static void invert(float[] a, int n) {
    for (int i = 0; i < n; i++) {
      a[i] = 1 / a[i];
    }
  }

  private static void product(float[] a, float[] b, float[] products, int n) {
    for (int i = 0; i < n; i++) {
      products[i] = a[i] * b[i];
    }
  }

  private static void scoreGradient(float[] p, float[] gradient, float[] expected, int n) {
    for (int i = 0; i < n; i++) {
      gradient[i] = p[i] * (gradient[i] - expected[i]);
    }
  }
}
