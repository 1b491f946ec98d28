package io.stagecoach.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class IntervalTest {

  private static final long SECOND = 1_000_000_000;

  @Test
  void stepsOrTimeCount() {
    assertThat(Interval.ofSteps(50).isDue(49, 1000 * SECOND)).isFalse();
    assertThat(Interval.ofSteps(50).isDue(50, 0)).isTrue();
    assertThat(Interval.of(Duration.ofSeconds(10)).isDue(1, 10 * SECOND)).isTrue();
    assertThat(Interval.of(Duration.ofSeconds(10)).isDue(1000, 10 * SECOND - 1)).isFalse();
  }

  @Test
  void nothingIsDueWithoutAStep() {
    assertThat(Interval.of(Duration.ofSeconds(10)).isDue(0, 1000 * SECOND)).isFalse();
  }

  @Test
  void neverIsNever() {
    assertThat(Interval.never().isNever()).isTrue();
    assertThat(Interval.ofSteps(0)).isEqualTo(Interval.never());
    assertThat(Interval.never().isDue(Long.MAX_VALUE, Long.MAX_VALUE)).isFalse();
    assertThatThrownBy(() -> new Interval(1, Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
