package io.stagecoach.spark.job.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordingTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0s",
    "499, 0s",
    "1000, 1s",
    "59499, 59s",
    "59999, 1m00s",
    "80000, 1m20s",
    "3599999, 1h00m",
    "7500000, 2h05m",
    "360000000, 100h00m"
  })
  void timesHaveTwoUnits(long millis, String said) {
    assertThat(Wording.time(Duration.ofMillis(millis))).isEqualTo(said);
  }

  @ParameterizedTest
  @CsvSource({"2.3099999, 2.3100", "0, 0.0000", "0.00012345, 1.235e-04", "-1.5, -1.5000"})
  void lossesAreShort(double loss, String said) {
    assertThat(Wording.loss(loss)).isEqualTo(said);
  }

  @Test
  void numbersAreAlikeInEveryLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertThat(Wording.loss(1.5)).isEqualTo("1.5000");
      assertThat(Wording.rate(2.345)).isEqualTo("2.35 examples/s");
    } finally {
      Locale.setDefault(before);
    }
  }
}
