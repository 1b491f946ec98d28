package io.stagecoach.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LossCurveTest {

  @Test
  void neighboursBecomeOne() {
    LossCurve curve = new LossCurve(4);
    double[] losses = {9, 7, 6, 4, 3, 1, 2};
    for (int step = 0; step < losses.length; step++) {
      curve.add(step, losses[step]);
    }
    assertThat(curve.points())
        .containsExactly(
            new LossPoint(1, 8, 2),
            new LossPoint(3, 5, 2),
            new LossPoint(5, 2, 2),
            new LossPoint(6, 2, 1));
  }

  /** With loss = step, each point's mean is known from its place alone. */
  @Property(tries = 200)
  void everyStepIsInOnePoint(
      @ForAll @IntRange(min = 2, max = 40) int most,
      @ForAll @IntRange(min = 1, max = 3000) int steps) {
    LossCurve curve = new LossCurve(most);
    for (int step = 0; step < steps; step++) {
      curve.add(step, step);
    }
    List<LossPoint> points = curve.points();
    assertThat(points).hasSizeBetween(1, most);
    long next = 0;
    for (LossPoint point : points) {
      long first = next;
      next = point.step() + 1;
      assertThat(point.steps()).isEqualTo(next - first);
      assertThat(point.loss()).isCloseTo((first + point.step()) / 2.0, within(1e-9));
    }
    assertThat(next).isEqualTo(steps);
  }
}
