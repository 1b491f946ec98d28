package io.stagecoach.model.gpt.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * e to the power of many floats at once, with a relative error below 4e-7.
 *
 * <p>e^x = 2^k · e^r with a whole k and |r| ≤ ln 2 / 2, and e^r by the first seven terms of its
 * series. 2^k is put together from bits: k is in the low bits of x · log₂ e + 1.5 · 2^23, and since
 * the compiler has no vector instructions for reading a float as an int, the chunk is copied
 * through memory that is both.
 *
 * <p>Arguments beyond ±87 count as ±87: the result is neither 0 nor infinite. NaN and the
 * infinities give NaN. One instance serves one thread.
 */
final class Exponential {

  /** Numbers at a time: few enough that all arrays are in the first cache. */
  private static final int CHUNK = 1024;

  private static final float LIMIT = 87;
  private static final float ROUNDING = 12582912;
  private static final float LOG2_E = 1.442695f;

  /** ln 2 in two parts; products of the first with a whole number up to 2^8 are exact. */
  private static final float LN2_HIGH = 355 / 512f;

  private static final float LN2_LOW = -2.1219444e-4f;

  private static final int EXPONENT_BIAS = 127;
  private static final int MANTISSA_BITS = 23;

  private final float[] limited = new float[CHUNK];
  private final float[] rounded = new float[CHUNK];
  private final int[] bits = new int[CHUNK];
  private final float[] scale = new float[CHUNK];
  private final float[] result = new float[CHUNK];
  private final FloatBuffer asFloats;
  private final IntBuffer asInts;

  Exponential() {
    ByteBuffer memory =
        ByteBuffer.allocateDirect(CHUNK * Float.BYTES).order(ByteOrder.nativeOrder());
    asFloats = memory.asFloatBuffer();
    asInts = memory.asIntBuffer();
  }

  /** Replaces the first numbers of an array by e to their power. */
  void apply(float[] x, int count) {
    for (int start = 0; start < count; start += CHUNK) {
      int n = Math.min(CHUNK, count - start);
      System.arraycopy(x, start, result, 0, n);
      limit(result, limited, n);
      round(limited, rounded, n);
      asFloats.put(0, rounded, 0, n);
      asInts.get(0, bits, 0, n);
      powersOfTwo(bits, n);
      asInts.put(0, bits, 0, n);
      asFloats.get(0, scale, 0, n);
      compose(limited, rounded, scale, result, n);
      System.arraycopy(result, 0, x, start, n);
    }
  }

  /** x within ±LIMIT: x divided by 1, exactly, where it is inside, and by |x| / LIMIT outside. */
  private static void limit(float[] x, float[] limited, int n) {
    for (int i = 0; i < n; i++) {
      float beyond = Math.abs(x[i]) * (1 / LIMIT) - 1;
      limited[i] = x[i] / (1 + 0.5f * (beyond + Math.abs(beyond)));
    }
  }

  private static void round(float[] x, float[] rounded, int n) {
    for (int i = 0; i < n; i++) {
      rounded[i] = x[i] * LOG2_E + ROUNDING;
    }
  }

  private static void powersOfTwo(int[] bits, int n) {
    for (int i = 0; i < n; i++) {
      bits[i] = (bits[i] + EXPONENT_BIAS) << MANTISSA_BITS;
    }
  }

  private static void compose(float[] x, float[] rounded, float[] scale, float[] result, int n) {
    for (int i = 0; i < n; i++) {
      float k = rounded[i] - ROUNDING;
      float r = x[i] - k * LN2_HIGH - k * LN2_LOW;
      float series =
          1 + r * (1 + r * (1 / 2f + r * (1 / 6f + r * (1 / 24f + r * (1 / 120f + r / 720)))));
      result[i] = series * scale[i];
    }
  }
}
