package io.stagecoach.spark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExactSumTest {

  @Property(tries = 300)
  void isTheSumOfTheExactDecimals(
      @ForAll @Size(max = 40)
          List<@DoubleRange(min = -Double.MAX_VALUE, max = Double.MAX_VALUE) Double> values,
      @ForAll int cut) {
    ExactSum first = new ExactSum();
    ExactSum second = new ExactSum();
    BigDecimal expected = BigDecimal.ZERO;
    for (int i = 0; i < values.size(); i++) {
      (i < Math.floorMod(cut, values.size() + 1) ? first : second).add(values.get(i));
      expected = expected.add(new BigDecimal(values.get(i)));
    }
    second.add(first);

    assertThat(exact(second)).isEqualByComparingTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {
        0.0,
        -0.0,
        1.0,
        -1.0,
        Double.MIN_VALUE,
        -Double.MIN_NORMAL,
        Double.MAX_VALUE,
        0x1p52
      })
  void keepsOneValue(double value) {
    ExactSum sum = new ExactSum();
    sum.add(value);

    assertThat(exact(sum)).isEqualByComparingTo(new BigDecimal(value));
  }

  @Test
  void losesNothingBesideSomethingHuge() {
    double tiny = 3 * Double.MIN_NORMAL;
    ExactSum sum = new ExactSum();
    sum.add(1e300);
    for (int i = 0; i < 1000; i++) {
      sum.add(tiny);
    }
    sum.add(-1e300);

    assertThat(exact(sum))
        .isEqualByComparingTo(new BigDecimal(tiny).multiply(BigDecimal.valueOf(1000)));
  }

  @Test
  void takesFiniteValuesOnly() {
    ExactSum sum = new ExactSum();

    assertThatThrownBy(() -> sum.add(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    assertThat(sum.units()).isEqualTo(BigInteger.ZERO);
  }

  private static BigDecimal exact(ExactSum sum) {
    return new BigDecimal(sum.units())
        .divide(new BigDecimal(BigInteger.TWO.pow(-ExactSum.UNIT_EXPONENT)));
  }
}
