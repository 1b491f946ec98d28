package io.stagecoach.engine.update;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * Compares the kernel with ND4J's own operations, to the last bit, on random elements: another
 * build of ND4J may round in other places (fused multiplications, another library of powers).
 *
 * @param updater whose operation is the measure
 * @param type of the elements
 * @param iteration updates before
 * @param epoch from 0
 */
record RuleTrial(IUpdater updater, DataType type, int iteration, int epoch) {

  private static final long SEED = 20_11;
  private static final double SCALE = 0.7;
  private static final int DIVISOR = 7;
  private static final List<Regularization> PENALTIES =
      List.of(new L1Regularization(1e-3), new L2Regularization(1e-2), new WeightDecay(1e-2, true));

  /** Whether a rule, with all that may be done around it, is the updater's. */
  boolean holdsWithPenalties(Rule rule, int elements) {
    return holds(rule, elements, PENALTIES);
  }

  /** Whether a rule alone is the updater's. */
  boolean holds(Rule rule, int elements) {
    return holds(rule, elements, List.of());
  }

  private boolean holds(Rule rule, int elements, List<Regularization> penalties) {
    TrialSide expected = random(elements);
    TrialSide tried = expected.copy();
    try {
      applyNd4j(expected, penalties);
      applyKernel(tried, rule, penalties);
      return expected.equalsBitByBit(tried);
    } finally {
      expected.close();
      tried.close();
    }
  }

  private void applyNd4j(TrialSide side, List<Regularization> penalties) {
    side.gradients().muli(SCALE);
    side.gradients().divi(DIVISOR);
    penalize(side, ApplyStep.BEFORE_UPDATER, penalties);
    updater
        .instantiate(side.state().orElse(null), false)
        .applyUpdater(side.gradients(), iteration, epoch);
    penalize(side, ApplyStep.POST_UPDATER, penalties);
    side.weights().subi(side.gradients());
  }

  private void penalize(TrialSide side, ApplyStep when, List<Regularization> penalties) {
    for (Regularization penalty : penalties) {
      if (penalty.applyStep() == when) {
        penalty.apply(side.weights(), side.gradients(), rate(), iteration, epoch);
      }
    }
  }

  private void applyKernel(TrialSide side, Rule rule, List<Regularization> penalties) {
    long elements = side.weights().length();
    List<Long> states = IntStream.range(0, rule.states()).mapToObj(i -> i * elements).toList();
    Recipe recipe =
        new Recipe(
            SCALE,
            DIVISOR,
            penalties(ApplyStep.BEFORE_UPDATER, penalties),
            rule,
            penalties(ApplyStep.POST_UPDATER, penalties));
    new UpdateKernel(side.weights(), side.state())
        .step(side.gradients(), Optional.of(side.gradients()))
        .update(new Stretch(0, elements, states), recipe);
  }

  private List<Penalty> penalties(ApplyStep when, List<Regularization> penalties) {
    return Penalty.of(penalties, when, rate(), iteration, epoch).orElseThrow();
  }

  private double rate() {
    return updater.hasLearningRate() ? updater.getLearningRate(iteration, epoch) : 1;
  }

  private TrialSide random(int elements) {
    Random random = new Random(SEED);
    long states = updater.stateSize(elements);
    return new TrialSide(
        array(IntStream.range(0, elements).mapToDouble(i -> random.nextGaussian()).toArray()),
        array(IntStream.range(0, elements).mapToDouble(i -> gradient(random)).toArray()),
        states == 0
            ? Optional.empty()
            : Optional.of(
                array(
                    IntStream.range(0, Math.toIntExact(states))
                        .mapToDouble(i -> Math.abs(gradient(random)))
                        .toArray())));
  }

  /** Of all magnitudes, so that squares are zero, subnormal and ordinary; some are zero. */
  private static double gradient(Random random) {
    if (random.nextInt(16) == 0) {
      return 0;
    }
    double magnitude = Math.pow(10, 26 * random.nextDouble() - 24);
    return random.nextBoolean() ? magnitude : -magnitude;
  }

  private INDArray array(double[] values) {
    return Nd4j.createFromArray(values).castTo(type);
  }
}
