package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Floats as halves with a power of two in common, and back: x is half(x / 2^k) · 2^k, where half
 * rounds to the nearest, ties to even. The k of a tensor is the least with which its largest finite
 * magnitude is finite as a half, so that the smallest have as much room as there can be; dividing
 * by a power of two loses nothing.
 *
 * <p>Works in tiles that stay in the processor's cache, without a branch for each value.
 */
final class ScaledHalves {

  /** That of the smallest float, 2^-149, whose half is then 2^15. */
  private static final int LEAST_EXPONENT = -149 - 15;

  /** With a greater one, the largest half would be more than the largest float. */
  private static final int MOST_EXPONENT = Float.MAX_EXPONENT - 15;

  private static final int TILE = 1024;

  private static final int MAGNITUDE = 0x7fff_ffff;
  private static final int FLOAT_INFINITY = 0x7f80_0000;
  private static final int FLOAT_MANTISSA = 23;

  private static final int HALF_SIGN = 0x8000;
  private static final int HALF_INFINITY = 0x7c00;
  private static final int HALF_NAN = 0x7e00;
  private static final int HALF_MOST = 0x7bff;
  private static final int HALF_MANTISSA = 10;

  /** In the middle between the largest half and the next power of two: rounded up. */
  private static final double BEYOND = 65520;

  /** How many bits a float has that a half has not. */
  private static final int DROPPED = FLOAT_MANTISSA - HALF_MANTISSA;

  /** The difference of the biases of both exponents, where a float has its exponent. */
  private static final int REBIAS = (127 - 15) << FLOAT_MANTISSA;

  /** The bits of 2^-14, the smallest half that is normal. */
  private static final int LEAST_NORMAL = (127 - 14) << FLOAT_MANTISSA;

  /**
   * A float between this and twice this is a multiple of 2^-24, as small halves are: adding it to
   * one rounds.
   */
  private static final float ROUNDS_SMALL = 0.5f;

  private static final int ROUNDS_SMALL_BITS = Float.floatToRawIntBits(ROUNDS_SMALL);

  /** The value of every half, by its bits: faster than computing it. */
  private static final float[] VALUES = new float[1 << 16];

  static {
    for (int half = 0; half < VALUES.length; half++) {
      VALUES[half] = value(half);
    }
  }

  private ScaledHalves() {}

  private static float value(int half) {
    int exponent = half >> HALF_MANTISSA & 0x1f;
    int mantissa = half & ((1 << HALF_MANTISSA) - 1);
    float magnitude;
    if (exponent == 0x1f) {
      magnitude = Float.intBitsToFloat(FLOAT_INFINITY | (mantissa << DROPPED));
    } else if (exponent == 0) {
      magnitude = Math.scalb((float) mantissa, -14 - HALF_MANTISSA);
    } else {
      magnitude =
          Math.scalb((float) (mantissa | (1 << HALF_MANTISSA)), exponent - 15 - HALF_MANTISSA);
    }
    return half < HALF_SIGN ? magnitude : -magnitude;
  }

  /**
   * A tensor's halves.
   *
   * @param exponent the k that they have in common
   * @param halves their memory
   * @param narrowing what became of the values
   */
  record Narrowed(int exponent, ReceiveBuffer halves, Narrowing narrowing) {}

  /** Whether there can be such an exponent. */
  static boolean isExponent(int exponent) {
    return exponent >= LEAST_EXPONENT && exponent <= MOST_EXPONENT;
  }

  /** Narrows a dense float32 array; the caller owns the result. */
  static Narrowed narrow(INDArray dense) {
    long elements = dense.length();
    List<ByteBuffer> floats = ArrayMemory.bytes(dense, elements * Float.BYTES);
    Range range = Range.of(floats);
    int exponent = exponent(range.largest);
    ReceiveBuffer halves = ReceiveBuffer.allocate(elements * Short.BYTES);
    try {
      Narrowing narrowing = new Narrower(exponent, range.nonFinite).narrow(floats, halves);
      return new Narrowed(exponent, halves, narrowing);
    } catch (RuntimeException | Error e) {
      halves.close();
      throw e;
    }
  }

  /** The exponent of a tensor whose largest finite magnitude this is; 0 for 0. */
  static int exponent(float largest) {
    if (largest == 0) {
      return 0;
    }
    double exact = largest;
    int exponent = Math.getExponent(exact) - 15;
    if (Math.scalb(exact, -exponent) >= BEYOND) {
      exponent++;
    }
    return Math.min(exponent, MOST_EXPONENT);
  }

  /** An array of what was narrowed; outside of any workspace. */
  static INDArray widen(
      TensorSpec spec, ReceiveBuffer message, MessageLayout.Body body, int exponent) {
    INDArray array =
        ArrayMemory.uninitialized(spec.type().dataType(), spec.shapeArray(), spec.order());
    long from = body.offset();
    for (ByteBuffer window : ArrayMemory.bytes(array, spec.elements() * Float.BYTES)) {
      int bytes = window.capacity() / Float.BYTES * Short.BYTES;
      widen(
          littleEndian(message.view(from, bytes)).asShortBuffer(),
          littleEndian(window).asFloatBuffer(),
          new Scale(exponent));
      from += bytes;
    }
    ArrayMemory.writtenOnHost(array);
    return array;
  }

  private static void widen(ShortBuffer halves, FloatBuffer floats, Scale scale) {
    short[] in = new short[TILE];
    float[] out = new float[TILE];
    while (halves.hasRemaining()) {
      int count = Math.min(TILE, halves.remaining());
      halves.get(in, 0, count);
      widen(in, out, count, scale.first, scale.second);
      floats.put(out, 0, count);
    }
  }

  private static void widen(short[] in, float[] out, int count, float first, float second) {
    for (int i = 0; i < count; i++) {
      out[i] = VALUES[in[i] & 0xffff] * first * second;
    }
  }

  private static ByteBuffer littleEndian(ByteBuffer bytes) {
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * A power of two as a product of two floats, of which none is beyond a float's range, nor is what
   * lies between the first multiplication and the second, as far as it matters.
   */
  private static final class Scale {

    final float first;
    final float second;

    Scale(int exponent) {
      this.first = Math.scalb(1f, exponent / 2);
      this.second = Math.scalb(1f, exponent - exponent / 2);
    }
  }

  /** The largest finite magnitude of a tensor, and whether something in it is not finite. */
  private record Range(float largest, boolean nonFinite) {

    static Range of(List<ByteBuffer> floats) {
      int most = 0;
      int mostFinite = 0;
      int[] tile = new int[TILE];
      for (ByteBuffer window : floats) {
        IntBuffer ints = littleEndian(window).asIntBuffer();
        while (ints.hasRemaining()) {
          int count = Math.min(TILE, ints.remaining());
          ints.get(tile, 0, count);
          int here = most(tile, count);
          most = Math.max(most, here);
          mostFinite = Math.max(mostFinite, here < FLOAT_INFINITY ? here : mostFinite(tile, count));
        }
      }
      return new Range(Float.intBitsToFloat(mostFinite), most >= FLOAT_INFINITY);
    }

    private static int most(int[] tile, int count) {
      int most = 0;
      for (int i = 0; i < count; i++) {
        most = Math.max(most, tile[i] & MAGNITUDE);
      }
      return most;
    }

    private static int mostFinite(int[] tile, int count) {
      int most = 0;
      for (int i = 0; i < count; i++) {
        int magnitude = tile[i] & MAGNITUDE;
        most = Math.max(most, magnitude < FLOAT_INFINITY ? magnitude : 0);
      }
      return most;
    }
  }

  /**
   * Narrows with one exponent, and counts. Each loop has operations of one kind only, and none that
   * looks at a float's bits, which are copied between the loops: so the compiler makes vector
   * instructions of them.
   */
  private static final class Narrower {

    private final Scale scale;
    private final boolean mayBeNonFinite;
    private final float[] floats = new float[TILE];
    private final float[] roundedFloats = new float[TILE];
    private final int[] bits = new int[TILE];
    private final int[] scaled = new int[TILE];
    private final int[] rounded = new int[TILE];
    private final short[] halves = new short[TILE];
    private final ByteBuffer between =
        ByteBuffer.allocateDirect(TILE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final FloatBuffer fromFloats = between.asFloatBuffer();
    private final IntBuffer toBits = between.asIntBuffer();
    private long values;
    private long nonFinite;
    private long clamped;
    private long underflowed;

    Narrower(int exponent, boolean mayBeNonFinite) {
      this.scale = new Scale(-exponent);
      this.mayBeNonFinite = mayBeNonFinite;
    }

    Narrowing narrow(List<ByteBuffer> windows, ReceiveBuffer to) {
      long offset = 0;
      for (ByteBuffer window : windows) {
        int bytes = window.capacity() / Float.BYTES * Short.BYTES;
        narrow(window, littleEndian(to.view(offset, bytes)).asShortBuffer());
        offset += bytes;
      }
      return new Narrowing(values, nonFinite, clamped, underflowed);
    }

    private void narrow(ByteBuffer window, ShortBuffer to) {
      FloatBuffer from = littleEndian(window).asFloatBuffer();
      IntBuffer fromBits = littleEndian(window).asIntBuffer();
      while (from.hasRemaining()) {
        int count = Math.min(TILE, from.remaining());
        from.get(floats, 0, count);
        fromBits.get(bits, 0, count);
        scale(floats, roundedFloats, count, scale.first, scale.second);
        reinterpret(floats, scaled, count);
        reinterpret(roundedFloats, rounded, count);
        round(scaled, rounded, count);
        count(bits, scaled, count);
        sign(bits, scaled, halves, count);
        if (mayBeNonFinite) {
          restoreNonFinite(count);
        }
        to.put(halves, 0, count);
      }
    }

    private void reinterpret(float[] from, int[] to, int count) {
      fromFloats.clear().put(from, 0, count);
      toBits.clear().get(to, 0, count);
    }

    private static void scale(
        float[] floats, float[] rounded, int count, float first, float second) {
      for (int i = 0; i < count; i++) {
        float magnitude = Math.abs(floats[i]) * first * second;
        floats[i] = magnitude;
        rounded[i] = magnitude + ROUNDS_SMALL;
      }
    }

    /** The nearest half of each, in bits; beyond the largest half they go on. */
    private static void round(int[] scaled, int[] rounded, int count) {
      for (int i = 0; i < count; i++) {
        // A NaN may have kept its sign.
        int bits = scaled[i] & MAGNITUDE;
        int even = bits >>> DROPPED & 1;
        int normal = (bits - REBIAS + (1 << (DROPPED - 1)) - 1 + even) >> DROPPED;
        int small = rounded[i] - ROUNDS_SMALL_BITS;
        // All ones where it is small: signs of differences are in the place of comparisons.
        int isSmall = (bits - LEAST_NORMAL) >> 31;
        scaled[i] = (small & isSmall) | (normal & ~isSmall);
      }
    }

    /** As if all were finite. */
    private void count(int[] bits, int[] halves, int count) {
      int beyond = 0;
      int vanished = 0;
      for (int i = 0; i < count; i++) {
        beyond += (HALF_MOST - halves[i]) >>> 31;
        vanished += ((halves[i] - 1) & -(bits[i] & MAGNITUDE)) >>> 31;
      }
      values += count;
      clamped += beyond;
      underflowed += vanished;
    }

    private static void sign(int[] bits, int[] magnitudes, short[] halves, int count) {
      for (int i = 0; i < count; i++) {
        int half = Math.min(magnitudes[i], HALF_MOST);
        halves[i] = (short) ((bits[i] >>> 16 & HALF_SIGN) | half);
      }
    }

    private void restoreNonFinite(int count) {
      for (int i = 0; i < count; i++) {
        int magnitude = bits[i] & MAGNITUDE;
        if (magnitude >= FLOAT_INFINITY) {
          int half = magnitude == FLOAT_INFINITY ? HALF_INFINITY : HALF_NAN;
          halves[i] = (short) ((bits[i] >>> 16 & HALF_SIGN) | half);
          nonFinite++;
          // It was taken for one that is too large.
          clamped--;
        }
      }
    }
  }
}
