package io.stagecoach.model.gpt.cpu;

/** Sums of arrays where no product can be added in BLAS. One instance serves one thread. */
final class Residual {

  private static final int CHUNK = 4096;

  private final float[] sum = new float[CHUNK];
  private final float[] addend = new float[CHUNK];

  /** Writes the sum of two arrays of one length. */
  void add(Floats a, Floats b, Floats output) {
    long length = output.length();
    for (long start = 0; start < length; start += CHUNK) {
      int n = (int) Math.min(CHUNK, length - start);
      a.read(start, sum, n);
      b.read(start, addend, n);
      add(sum, addend, n);
      output.write(start, sum, n);
    }
  }

  private static void add(float[] sum, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += x[i];
    }
  }
}
