package io.stagecoach.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CurveTest {

  @Test
  void neighboursBecomeOne() {
    Curve curve = new Curve(4);
    double[] losses = {9, 7, 6, 4, 3, 1, 2};
    for (int step = 0; step < losses.length; step++) {
      curve.add(step, losses[step]);
    }
    assertThat(curve.points())
        .containsExactly(
            new CurvePoint(1, 8, 2),
            new CurvePoint(3, 5, 2),
            new CurvePoint(5, 2, 2),
            new CurvePoint(6, 2, 1));
  }

  /** With loss = step, each point's mean is known from its place alone. */
  @Property(tries = 200)
  void everyStepIsInOnePoint(
      @ForAll @IntRange(min = 2, max = 40) int most,
      @ForAll @IntRange(min = 1, max = 3000) int steps) {
    Curve curve = new Curve(most);
    for (int step = 0; step < steps; step++) {
      curve.add(step, step);
    }
    List<CurvePoint> points = curve.points();
    assertThat(points).hasSizeBetween(1, most);
    long next = 0;
    for (CurvePoint point : points) {
      long first = next;
      next = point.step() + 1;
      assertThat(point.steps()).isEqualTo(next - first);
      assertThat(point.value()).isCloseTo((first + point.step()) / 2.0, within(1e-9));
    }
    assertThat(next).isEqualTo(steps);
  }
}
