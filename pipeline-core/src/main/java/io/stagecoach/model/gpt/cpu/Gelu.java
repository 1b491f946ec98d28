package io.stagecoach.model.gpt.cpu;

/**
 * GELU in its tanh form, x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))), and its derivative.
 *
 * <p>Since (1 + tanh z) / 2 = 1 / (1 + e^(-2z)), one exponential does for both. One instance serves
 * one thread.
 */
final class Gelu {

  private static final int CHUNK = 1024;

  /** 2 √(2/π). */
  private static final float OUTER = 1.5957692f;

  private static final float CUBIC = 0.044715f;

  private final Exponential exponential = new Exponential();
  private final float[] x = new float[CHUNK];
  private final float[] gate = new float[CHUNK];
  private final float[] gradient = new float[CHUNK];

  /**
   * Applies it.
   *
   * @param input not changed
   * @param output as many numbers; written
   */
  void forward(Floats input, Floats output) {
    long length = input.length();
    for (long start = 0; start < length; start += CHUNK) {
      int n = (int) Math.min(CHUNK, length - start);
      input.read(start, x, n);
      exponents(x, gate, n);
      exponential.apply(gate, n);
      divide(x, gate, n);
      output.write(start, x, n);
    }
  }

  /**
   * From the gradient by its output to that by its input, in place.
   *
   * @param input that forward had
   * @param gradients as many numbers; changed
   */
  void backward(Floats input, Floats gradients) {
    long length = input.length();
    for (long start = 0; start < length; start += CHUNK) {
      int n = (int) Math.min(CHUNK, length - start);
      input.read(start, x, n);
      gradients.read(start, gradient, n);
      exponents(x, gate, n);
      exponential.apply(gate, n);
      multiplyByDerivative(x, gate, gradient, n);
      gradients.write(start, gradient, n);
    }
  }

  /** -2z. */
  private static void exponents(float[] x, float[] exponents, int n) {
    for (int i = 0; i < n; i++) {
      exponents[i] = -OUTER * x[i] * (1 + CUBIC * x[i] * x[i]);
    }
  }

  private static void divide(float[] x, float[] powers, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] / (1 + powers[i]);
    }
  }

  /** With s = 1 / (1 + e^(-2z)) the derivative is s + x s (1 - s) · 2z', and 1 - s = e^(-2z) s. */
  private static void multiplyByDerivative(float[] x, float[] powers, float[] gradient, int n) {
    for (int i = 0; i < n; i++) {
      float s = 1 / (1 + powers[i]);
      float slope = OUTER * (1 + 3 * CUBIC * x[i] * x[i]);
      float rest = powers[i] * s;
      gradient[i] = gradient[i] * s * (1 + x[i] * slope * rest);
    }
  }
}
