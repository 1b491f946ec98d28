package io.stagecoach.spark.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.PromotionMetric;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class PromotionRuleTest {

  private static final PromotionRule LOSS = new PromotionRule(PromotionMetric.LOSS, 0.02, 0.1);

  private static Measured measured(
      PromotionMetric metric, double candidate, double accepted, Optional<double[]> earlier) {
    return new Measured(
        Map.of(),
        Map.of(),
        Map.of(metric.word(), candidate),
        Optional.of(Map.of(metric.word(), accepted)),
        earlier.map(
            both ->
                new Measured.Pair(Map.of(metric.word(), both[0]), Map.of(metric.word(), both[1]))));
  }

  private static Decision loss(double candidate, double accepted, double... earlier) {
    return LOSS.decide(
        measured(
            PromotionMetric.LOSS,
            candidate,
            accepted,
            earlier.length == 0 ? Optional.empty() : Optional.of(earlier)));
  }

  @Test
  void promotesWhatIsBetterByTheMargin() {
    assertThat(loss(0.47, 0.5)).isInstanceOf(Decision.Promoted.class);
    assertThat(loss(0.49, 0.5)).isInstanceOf(Decision.Refused.class);
    assertThat(loss(0.5, 0.47)).isInstanceOf(Decision.Refused.class);
    assertThat(loss(0.47, 0.5).reason()).contains("loss 0.47000 against 0.50000");
    assertThat(loss(0.49, 0.5).reason()).contains("not better by 0.020000");
  }

  @Test
  void ofAccuracyMoreIsBetter() {
    PromotionRule rule = new PromotionRule(PromotionMetric.ACCURACY, 0, 0.1);
    assertThat(rule.decide(measured(PromotionMetric.ACCURACY, 0.9, 0.8, Optional.empty())))
        .isInstanceOf(Decision.Promoted.class);
    assertThat(rule.decide(measured(PromotionMetric.ACCURACY, 0.8, 0.9, Optional.empty())))
        .isInstanceOf(Decision.Refused.class);
    // An error of 0.21 is within a tenth of 0.2, one of 0.25 is not.
    assertThat(
            rule.decide(
                measured(
                    PromotionMetric.ACCURACY, 0.9, 0.7, Optional.of(new double[] {0.79, 0.8}))))
        .isInstanceOf(Decision.Promoted.class);
    assertThat(
            rule.decide(
                measured(
                    PromotionMetric.ACCURACY, 0.9, 0.7, Optional.of(new double[] {0.75, 0.8}))))
        .isInstanceOf(Decision.Refused.class);
  }

  /** A day of wrong labels: what learns them is best at them, and worse at all else. */
  @Test
  void refusesWhatIsBetterHereAndWorseBefore() {
    Decision decision = loss(1.1, 3.0, 1.2, 0.3);
    assertThat(decision).isInstanceOf(Decision.Refused.class);
    assertThat(decision.reason())
        .contains("worse on the data that the accepted model was accepted on")
        .contains("1.2000 against 0.30000");
  }

  @Test
  void theFirstOneNeedsANumberOnly() {
    Measured first =
        new Measured(Map.of(), Map.of(), Map.of("loss", 7.0), Optional.empty(), Optional.empty());
    assertThat(LOSS.decide(first)).isInstanceOf(Decision.Promoted.class);
    Measured none =
        new Measured(
            Map.of(), Map.of(), Map.of("loss", Double.NaN), Optional.empty(), Optional.empty());
    assertThat(LOSS.decide(none)).isInstanceOf(Decision.Refused.class);
  }

  @Test
  void refusesAMetricThatIsNotMeasured() {
    PromotionRule rule = new PromotionRule(PromotionMetric.F1, 0, 0.1);
    assertThatThrownBy(
            () -> rule.decide(measured(PromotionMetric.LOSS, 0.4, 0.5, Optional.empty())))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("retrain.metric is f1, which is not measured of this model")
        .hasMessageContaining("allowed is one of loss");
  }

  @Property
  void whatIsPromotedIsBetterAndOfTwoAtMostOne(
      @ForAll @DoubleRange(min = 0, max = 10) double one,
      @ForAll @DoubleRange(min = 0, max = 10) double other) {
    boolean first = loss(one, other) instanceof Decision.Promoted;
    boolean second = loss(other, one) instanceof Decision.Promoted;
    assertThat(first && second).isFalse();
    assertThat(first).isEqualTo(other - one >= 0.02);
  }

  @Property
  void nothingThatIsNotFiniteIsPromoted(@ForAll double number) {
    for (double bad :
        new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      assertThat(loss(bad, number)).isInstanceOf(Decision.Refused.class);
      assertThat(loss(number, bad)).isInstanceOf(Decision.Refused.class);
    }
    assertThat(loss(0.1, 0.5, Double.NaN, 0.1)).isInstanceOf(Decision.Refused.class);
    assertThat(loss(0.1, 0.5, 0.1, Double.NaN)).isInstanceOf(Decision.Refused.class);
    assertThat(loss(0.1, 0.5, Double.POSITIVE_INFINITY, 0.1)).isInstanceOf(Decision.Refused.class);
  }
}
