package io.stagecoach.engine.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class SquareSumsTest {

  private static INDArray random(long seed, DataType type, int length) {
    return Nd4j.createFromArray(new Random(seed).doubles(length, -1, 1).toArray()).castTo(type);
  }

  @Property(tries = 100)
  void isTheSumOfSquares(
      @ForAll long seed,
      @ForAll boolean single,
      @ForAll @IntRange(max = 700) int offset,
      @ForAll @IntRange(min = 1, max = 9000) int length) {
    INDArray flat = random(seed, single ? DataType.FLOAT : DataType.DOUBLE, offset + length + 3);
    BigDecimal exact = BigDecimal.ZERO;
    for (int i = offset; i < offset + length; i++) {
      BigDecimal value = new BigDecimal(flat.getDouble(i));
      exact = exact.add(value.multiply(value), MathContext.DECIMAL128);
    }
    double expected = exact.doubleValue();
    assertThat(new SquareSums(flat).of(offset, length))
        .isCloseTo(expected, within(expected * (single ? 1e-6 : 1e-14)));
  }

  /** The same elements give the same bits, wherever they are. */
  @Property(tries = 50)
  void dependsOnTheElementsAlone(
      @ForAll long seed,
      @ForAll @IntRange(max = 300) int offset,
      @ForAll @IntRange(min = 1, max = 5000) int length) {
    INDArray flat = random(seed, DataType.FLOAT, offset + length);
    INDArray own = flat.get(NDArrayIndex.interval(offset, offset + length)).dup();
    SquareSums sums = new SquareSums(flat);
    assertThat(sums.of(offset, length)).isEqualTo(new SquareSums(own).of(0, length));
    assertThat(sums.of(offset, length)).as("again").isEqualTo(sums.of(offset, length));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void oneElementThatIsNotFiniteIsSeen(double value) {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      for (int place : new int[] {0, 255, 256, 4095, 4099}) {
        INDArray flat = random(1, type, 4100);
        flat.putScalar(place, value);
        SquareSums sums = new SquareSums(flat);
        assertThat(sums.of(0, 4100)).isNotFinite();
        assertThat(sums.of(place, 1)).isNotFinite();
        flat.putScalar(place, 1);
        assertThat(sums.of(0, 4100)).as("after it").isFinite();
      }
    }
  }

  /** One after the other in 32 bits, the last of so many are lost. */
  @Test
  void manyElementsAreNotLost() {
    INDArray flat = Nd4j.ones(DataType.FLOAT, 20_000_000);
    assertThat(new SquareSums(flat).of(0, flat.length())).isEqualTo(2e7);
    flat.close();
  }
}
