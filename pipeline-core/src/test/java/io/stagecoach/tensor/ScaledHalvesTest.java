package io.stagecoach.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ScaledHalvesTest {

  /** What a tensor became: its exponent, its halves, and the floats that these are. */
  private record Result(
      int exponent, List<Short> halves, List<Float> floats, Narrowing narrowing) {}

  private static Result through(float... values) {
    try (INDArray array = Nd4j.createFromArray(values)) {
      ScaledHalves.Narrowed narrowed = ScaledHalves.narrow(array);
      try (ReceiveBuffer halves = narrowed.halves()) {
        ShortBuffer shorts = halves.windows().get(0).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        List<Short> bits = new ArrayList<>();
        while (shorts.hasRemaining()) {
          bits.add(shorts.get());
        }
        List<Float> floats = floats(halves, narrowed.exponent());
        return new Result(narrowed.exponent(), bits, floats, narrowed.narrowing());
      }
    }
  }

  private static List<Float> floats(ReceiveBuffer halves, int exponent) {
    long count = halves.length() / 2;
    TensorSpec spec = new TensorSpec("x", ElementType.SCALED_FLOAT16, List.of(count), 'c');
    MessageLayout.Body body = new MessageLayout.Body(0, halves.length());
    try (INDArray array = ScaledHalves.widen(spec, halves, body, exponent)) {
      List<Float> floats = new ArrayList<>();
      // The array's memory, which is what the next stage computes with.
      FloatBuffer memory =
          ArrayMemory.bytes(array, 4 * count).get(0).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      while (memory.hasRemaining()) {
        floats.add(memory.get());
      }
      return floats;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-164, -140, -126, -15, 0, 1, 40, 112})
  void everyHalfIsItsValueTimesThePower(int exponent) {
    try (ReceiveBuffer all = ReceiveBuffer.allocate(2 << 16)) {
      ByteBuffer bits = all.view(0, 2 << 16).order(ByteOrder.LITTLE_ENDIAN);
      for (int half = 0; half < 1 << 16; half++) {
        bits.putShort(2 * half, (short) half);
      }
      List<Float> floats = floats(all, exponent);
      for (int half = 0; half < 1 << 16; half++) {
        float sign = half < 0x8000 ? 1 : -1;
        if ((half & 0x7fff) > 0x7c00) {
          assertThat(floats.get(half)).isNaN();
        } else if ((half & 0x7fff) == 0x7c00) {
          assertThat(floats.get(half)).isEqualTo(sign * Float.POSITIVE_INFINITY);
        } else {
          float expected =
              Math.copySign(
                  ExactHalves.timesPower(ExactHalves.value(half), exponent).floatValue(), sign);
          assertThat(Float.floatToRawIntBits(floats.get(half)))
              .isEqualTo(Float.floatToRawIntBits(expected));
        }
      }
    }
  }

  /** Where the floats can say them, all 63,488 finite halves come back as they were. */
  @ParameterizedTest
  @ValueSource(ints = {-125, -60, 0, 33, 112})
  void everyFiniteHalfComesBack(int exponent) {
    float[] floats = new float[2 * 0x7c00];
    for (int i = 0; i < floats.length; i++) {
      int half = i % 2 == 0 ? i / 2 : 0x8000 | i / 2;
      BigDecimal value = ExactHalves.timesPower(ExactHalves.value(half), exponent);
      floats[i] = Math.copySign(value.floatValue(), i % 2 == 0 ? 1 : -1);
    }
    Result result = through(floats);
    assertThat(result.exponent()).isEqualTo(exponent);
    for (int i = 0; i < floats.length; i++) {
      assertThat(result.halves().get(i)).isEqualTo((short) (i % 2 == 0 ? i / 2 : 0x8000 | i / 2));
    }
    for (int i = 0; i < floats.length; i++) {
      assertThat(result.floats().get(i)).isEqualTo(floats[i]);
    }
    assertThat(result.narrowing()).isEqualTo(new Narrowing(floats.length, 0, 0, 0));
  }

  /** In the middle between each two neighbours, and one float beside it on either side. */
  @ParameterizedTest
  @ValueSource(ints = {-90, 0, 111})
  void betweenAnyTwoNeighboursTheNearestIsTaken(int exponent) {
    List<Float> between = new ArrayList<>();
    for (int half = 0; half < 0x7bff; half++) {
      BigDecimal sum = ExactHalves.value(half).add(ExactHalves.value(half + 1));
      float middle = ExactHalves.timesPower(sum, exponent - 1).floatValue();
      between.addAll(List.of(Math.nextDown(middle), -middle, Math.nextUp(middle)));
    }
    float[] values = new float[between.size() + 1];
    for (int i = 0; i < between.size(); i++) {
      values[i] = between.get(i);
    }
    values[between.size()] = ExactHalves.timesPower(new BigDecimal(65504), exponent).floatValue();
    assertNearest(values);
  }

  private static void assertNearest(float... values) {
    Result result = through(values);
    float largest = 0;
    long nonFinite = 0;
    for (float value : values) {
      if (Float.isFinite(value)) {
        largest = Math.max(largest, Math.abs(value));
      } else {
        nonFinite++;
      }
    }
    int exponent = largest == 0 ? 0 : ExactHalves.leastExponent(largest);
    assertThat(result.exponent()).isEqualTo(exponent);
    assertThat(ScaledHalves.isExponent(exponent)).isTrue();
    long underflowed = 0;
    long clamped = 0;
    for (int i = 0; i < values.length; i++) {
      float expected = values[i];
      if (Float.isFinite(values[i])) {
        expected = ExactHalves.narrowed(values[i], exponent);
        underflowed += expected == 0 && values[i] != 0 ? 1 : 0;
        BigDecimal scaled = ExactHalves.timesPower(new BigDecimal(Math.abs(values[i])), -exponent);
        clamped += ExactHalves.nearest(scaled) >= 0x7c00 ? 1 : 0;
      }
      assertThat(Float.floatToIntBits(result.floats().get(i)))
          .as("%a of %a", values[i], largest)
          .isEqualTo(Float.floatToIntBits(expected));
    }
    assertThat(result.narrowing())
        .isEqualTo(new Narrowing(values.length, nonFinite, clamped, underflowed));
  }

  /** Any bits at all: all magnitudes at once, subnormals, infinities, NaNs of both signs. */
  @Property(tries = 500)
  void anyFloatsBecomeTheNearest(@ForAll("bits") List<Integer> bits) {
    float[] values = new float[bits.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(bits.get(i));
    }
    assertNearest(values);
  }

  @Provide
  Arbitrary<List<Integer>> bits() {
    return Arbitraries.integers()
        .between(Integer.MIN_VALUE, Integer.MAX_VALUE)
        .list()
        .ofMinSize(1)
        .ofMaxSize(40);
  }

  /** Values of similar size, as in networks: most of them have all eleven bits. */
  @Property(tries = 500)
  void floatsOfOneSizeBecomeTheNearest(
      @ForAll("mantissas") List<Integer> mantissas, @ForAll("exponents") int exponent) {
    float[] values = new float[mantissas.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.scalb((float) mantissas.get(i), exponent);
    }
    assertNearest(values);
  }

  @Provide
  Arbitrary<List<Integer>> mantissas() {
    return Arbitraries.integers()
        .between(-(1 << 24) + 1, (1 << 24) - 1)
        .list()
        .ofMinSize(1)
        .ofMaxSize(40);
  }

  @Provide
  Arbitrary<Integer> exponents() {
    return Arbitraries.integers().between(-149, 104);
  }

  @Test
  void theEdgesOfTheRange() {
    assertNearest(0f, -0f);
    assertNearest(Float.MIN_VALUE, -Float.MIN_VALUE, 0);
    assertNearest(Float.MAX_VALUE, -Float.MAX_VALUE, 1, Float.MIN_VALUE);
    assertNearest(65504, 65519.996f, 65520);
    assertNearest(1, 0x1p-39f, 0x1p-40f, 0x1.000002p-40f, -0x1.8p-40f, 0x1p-41f);
    assertNearest(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3.14159f);
    assertNearest(Float.NaN, Float.NEGATIVE_INFINITY);
    assertNearest(Float.intBitsToFloat(0xffc00001), Float.intBitsToFloat(0x7f800001), 1);
  }

  /** More than a tile, the largest, the small and what is not finite in different ones. */
  @Test
  void tilesAreOneTensor() {
    float[] values = new float[10_007];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i) * (i % 100 == 7 ? 1e-9f : 1);
    }
    values[4095] = Float.NEGATIVE_INFINITY;
    values[4096] = Float.NaN;
    values[10_006] = -12_345.678f;
    assertNearest(values);
  }

  @Test
  void onlyWhatItIsSaidToNarrowIsNarrowed() {
    assertThat(WireType.FLOAT16.onWire("activations", ElementType.FLOAT32))
        .isEqualTo(ElementType.SCALED_FLOAT16);
    assertThat(WireType.FLOAT16.onWire("activations_mask", ElementType.FLOAT32))
        .isEqualTo(ElementType.FLOAT32);
    for (DataType type :
        List.of(DataType.DOUBLE, DataType.FLOAT16, DataType.INT32, DataType.BOOL)) {
      ElementType as = ElementType.of(type).orElseThrow();
      assertThat(WireType.FLOAT16.onWire("activations", as)).isEqualTo(as);
    }
    assertThat(WireType.FLOAT32.onWire("activations", ElementType.FLOAT32))
        .isEqualTo(ElementType.FLOAT32);
  }
}
