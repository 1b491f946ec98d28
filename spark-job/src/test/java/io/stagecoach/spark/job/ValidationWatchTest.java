package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.report.BestFigures;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValidationWatchTest {

  private final List<BestFigures> heard = new ArrayList<>();

  private ValidationWatch watch(int patience, double minDelta, BestFigures before) {
    return new ValidationWatch(patience, minDelta, before, heard::add);
  }

  @Test
  void endsAfterSoManyEpochsWithoutABetterOne() {
    ValidationWatch watch = watch(2, 0.1, BestFigures.none());
    double[] losses = {1.0, 0.8, 0.71, 0.65, 0.66, 0.56};
    List<Boolean> over = new ArrayList<>();
    for (int i = 0; i < losses.length; i++) {
      watch.validated(i + 1, 10L * (i + 1), losses[i]);
      over.add(watch.isOver());
    }

    // 0.71 is less than 0.1 better than 0.8; 0.65 is better, the next two are not.
    assertThat(over).containsExactly(false, false, false, false, false, true);
    assertThat(heard)
        .containsExactly(
            new BestFigures(1, 10, 1.0), new BestFigures(2, 20, 0.8), new BestFigures(4, 40, 0.65));
  }

  @Test
  void neverEndsWithoutPatience() {
    ValidationWatch watch = watch(0, 0, BestFigures.none());
    for (int epoch = 1; epoch < 100; epoch++) {
      watch.validated(epoch, epoch, 1.0);
      assertThat(watch.isOver()).isFalse();
    }
    assertThat(heard).as("an equal loss is no better").hasSize(1);
  }

  @Test
  void goesOnWithTheBestOfBefore() {
    ValidationWatch watch = watch(3, 0, new BestFigures(4, 40, 0.5));

    watch.validated(6, 60, 0.6);
    assertThat(watch.isOver()).isFalse();
    watch.validated(7, 70, 0.5);

    assertThat(watch.isOver()).isTrue();
    assertThat(heard).isEmpty();
  }

  @Test
  void whatIsNotFiniteIsNeverBetter() {
    ValidationWatch watch = watch(2, 0, BestFigures.none());
    watch.validated(1, 10, Double.NaN);
    assertThat(watch.isOver()).isFalse();
    watch.validated(2, 20, Double.POSITIVE_INFINITY);

    assertThat(watch.isOver()).isTrue();
    assertThat(heard).isEmpty();
  }
}
