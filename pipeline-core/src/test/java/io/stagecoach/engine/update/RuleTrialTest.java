package io.stagecoach.engine.update;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.AdaMax;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class RuleTrialTest {

  private static final List<IUpdater> UPDATERS =
      List.of(
          new NoOp(),
          new Sgd(0.03),
          new Sgd(new ExponentialSchedule(ScheduleType.ITERATION, 0.1, 0.99)),
          new Nesterovs(0.03, 0.9),
          new Nesterovs(0.7, 0.123),
          new Adam(0.001),
          new Adam(0.3, 0.77, 0.9, 1e-3),
          new AMSGrad(0.001),
          new AMSGrad(0.2, 0.5, 0.99, 1e-5),
          new AdaMax(0.002),
          new AdaMax(0.02, 0.8, 0.7, 1e-6),
          new Nadam(0.001),
          new Nadam(0.1, 0.6, 0.8, 1e-4),
          new AdaDelta(),
          new AdaDelta(0.7, 1e-4),
          new AdaGrad(0.05),
          new AdaGrad(0.5, 1e-3),
          new RmsProp(0.01),
          new RmsProp(0.1, 0.8, 1e-5));

  static Stream<Arguments> updaters() {
    return UPDATERS.stream()
        .flatMap(
            updater ->
                Stream.of(DataType.FLOAT, DataType.DOUBLE)
                    .map(type -> Arguments.of(updater, type)));
  }

  @ParameterizedTest
  @MethodSource("updaters")
  void everyUpdaterHasNd4jsBits(IUpdater updater, DataType type) {
    List<String> differing = new ArrayList<>();
    for (int iteration : new int[] {0, 1, 17, 999, 2_000_000}) {
      for (int elements : new int[] {1, 255, 256, 259}) {
        Rule rule = Rules.of(updater, iteration, 2).orElseThrow();
        RuleTrial trial = new RuleTrial(updater, type, iteration, 2);
        if (!trial.holdsWithPenalties(rule, elements) || !trial.holds(rule, elements)) {
          differing.add(elements + " elements at iteration " + iteration);
        }
      }
    }
    assertThat(differing).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("updaters")
  void isTrusted(IUpdater updater, DataType type) {
    TrustedRules rules = new TrustedRules(type);
    for (int iteration = 0; iteration < 20; iteration++) {
      assertThat(rules.of(updater, iteration, 0)).isPresent();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void findsConstantsThatAreALittleOff(DataType type) {
    RuleTrial adam = new RuleTrial(new Adam(0.001), type, 3, 0);
    assertThat(adam.holds(new AdamRule(new Moments(0.001, 0.9, 0.999, 1e-8, 3)), 37)).isTrue();
    assertThat(adam.holds(new AdamRule(new Moments(0.001, 0.9, 0.999, 1.001e-8, 3)), 37)).isFalse();
    assertThat(adam.holds(new AdamRule(new Moments(0.001, 0.9, 0.999, 1e-8, 4)), 37)).isFalse();
    Rounded ulpMore = new Moments(0.001, 0.9, 0.999, 1e-8, 3).bothRate();
    ulpMore = new Rounded(Math.nextUp(ulpMore.single()), Math.nextUp(ulpMore.full()));
    assertThat(adam.holds(new AdamRule(new Moments(0.001, 0.9, 0.999, 1e-8, 3), ulpMore), 37))
        .isFalse();
    assertThat(new RuleTrial(new Sgd(0.03), type, 3, 0).holds(new SgdRule(0.0300001), 37))
        .isFalse();
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void aStepsConstantsAreFoundToo(DataType type) {
    StepTrial trial = new StepTrial(type, 2);
    IUpdater adam = new Adam(0.001);
    Moments right = new Moments(0.001, 0.9, 0.999, 1e-8, 3);
    assertThat(trial.holds(adam, new AdamRule(right), 3, 0)).isTrue();
    assertThat(trial.holds(adam, new AdamRule(right), 4, 0)).isFalse();
    Rounded rate = right.bothRate();
    Rounded ulpMore = new Rounded(Math.nextUp(rate.single()), Math.nextUp(rate.full()));
    assertThat(trial.holds(adam, new AdamRule(right, ulpMore), 3, 0)).isFalse();
    assertThat(trial.holds(adam, new AdamRule(right), 3, 0)).as("it begins anew").isTrue();
  }

  @Test
  void divisionsByPowersOfTwoAreFound() {
    assertThat(LongStream.rangeClosed(1, 70).filter(Powers::isOfTwo))
        .containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L);
    assertThat(Powers.isOfTwo(2.5)).isFalse();
  }

  /** Not one of DL4J's own. */
  private static final class Halving implements IUpdater {

    @Override
    public long stateSize(long numParams) {
      return 0;
    }

    @Override
    public GradientUpdater<?> instantiate(INDArray viewArray, boolean initializeViewArray) {
      throw new UnsupportedOperationException();
    }

    @Override
    public GradientUpdater<?> instantiate(
        Map<String, INDArray> updaterState, boolean initializeStateArrays) {
      throw new UnsupportedOperationException();
    }

    @Override
    public IUpdater clone() {
      return this;
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
      return 0.5;
    }

    @Override
    public boolean hasLearningRate() {
      return true;
    }

    @Override
    public void setLrAndSchedule(double lr, ISchedule lrSchedule) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void knowsDl4jsOwnUpdatersOnly() {
    assertThat(new TrustedRules(DataType.FLOAT).of(new Halving(), 0, 0)).isEmpty();
  }
}
