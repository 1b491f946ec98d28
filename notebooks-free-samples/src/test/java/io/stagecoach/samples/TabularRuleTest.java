package io.stagecoach.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TabularRuleTest {

  private static final int ROWS = 100_000;

  @Test
  void theBestAccuracyIsWhatTheNoiseLeaves() {
    // Three standard deviations of a share of 100,000 are 0.0034.
    assertThat(TabularData.accuracyOfRule(new TabularRule(7), ROWS))
        .isEqualTo(0.85, within(0.0034));
  }

  @Test
  void aWrongLabelIsEachOtherClassEquallyOften() {
    TabularRule rule = new TabularRule(3);
    int[] shifts = new int[TabularRule.CLASSES];
    for (long i = 0; i < ROWS; i++) {
      TabularRule.Row row = rule.row(i);
      shifts[Math.floorMod(row.label() - row.ruled(), TabularRule.CLASSES)]++;
    }
    for (int shift = 1; shift < TabularRule.CLASSES; shift++) {
      assertThat(shifts[shift] / (double) ROWS).isEqualTo(0.05, within(0.0021));
    }
  }

  @Test
  void noClassIsRareAndTheLargestIsFarFromTheBest() {
    int[] counts = new int[TabularRule.CLASSES];
    TabularRule rule = new TabularRule(7);
    for (long i = 0; i < ROWS; i++) {
      counts[rule.row(i).label()]++;
    }
    for (int count : counts) {
      assertThat(count / (double) ROWS).isBetween(0.15, 0.4);
    }
  }

  @Test
  void rowsDependOnSeedAndNumberOnly() {
    assertThat(new TabularRule(7).row(5).features())
        .isEqualTo(new TabularRule(7).row(5).features())
        .isNotEqualTo(new TabularRule(8).row(5).features())
        .isNotEqualTo(new TabularRule(7).row(6).features());
  }

  @Test
  void columnsHaveTheScalesThatAreSaid() {
    TabularRule rule = new TabularRule(7);
    double sum = 0;
    double squares = 0;
    for (long i = 0; i < ROWS; i++) {
      double value = rule.row(i).features().get(1);
      sum += value;
      squares += value * value;
    }
    double mean = sum / ROWS;
    assertThat(mean).isEqualTo(100, within(1.0));
    assertThat(Math.sqrt(squares / ROWS - mean * mean)).isEqualTo(100, within(1.0));
  }
}
