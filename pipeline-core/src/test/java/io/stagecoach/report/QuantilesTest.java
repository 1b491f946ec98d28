package io.stagecoach.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.jupiter.api.Test;

class QuantilesTest {

  @Property(tries = 300)
  void isWithinOnePercent(
      @ForAll @NotEmpty List<@LongRange(min = 1, max = 1_000_000_000_000L) Long> values) {
    Quantiles quantiles = new Quantiles();
    values.forEach(quantiles::add);
    List<Long> sorted = values.stream().sorted().toList();
    for (double share : new double[] {0.1, 0.5, 0.95, 1}) {
      double exact = sorted.get((int) Math.ceil(share * sorted.size()) - 1);
      assertThat(quantiles.at(share)).isCloseTo(exact, withinPercentage(1.0));
    }
    assertThat(quantiles.most()).isEqualTo((double) sorted.get(sorted.size() - 1));
  }

  @Test
  void ofNothingIsNotKnown() {
    assertThat(new Quantiles().at(0.5)).isNaN();
    assertThat(new Quantiles().most()).isNaN();
  }
}
