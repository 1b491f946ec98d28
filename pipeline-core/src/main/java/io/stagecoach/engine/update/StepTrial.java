package io.stagecoach.engine.update;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Compares a rule's constants at a step, which powers of the number of updates are in, with those
 * of ND4J's operation, by what both make of few elements. It is done at every step, and a small
 * network has no time for more: the vectors are made once. Not thread-safe.
 */
final class StepTrial {

  private static final int ELEMENTS = 37;
  private static final long SEED = 20_11;

  private final TrialSide start;
  private final TrialSide expected;
  private final TrialSide tried;
  private final UpdateKernel.Step kernel;
  private final Stretch all;

  /**
   * @param type of the elements: 32 or 64 bits
   * @param states how many values the updater keeps of each
   */
  StepTrial(DataType type, int states) {
    Random random = new Random(SEED);
    // Gradients of either sign; averages of squares have none.
    this.start =
        new TrialSide(
            array(type, 1, i -> random.nextGaussian()),
            array(type, 1, i -> random.nextGaussian()),
            states == 0
                ? Optional.empty()
                : Optional.of(array(type, states, i -> random.nextDouble() + 1e-3)));
    this.expected = start.copy();
    this.tried = start.copy();
    this.kernel =
        new UpdateKernel(tried.weights(), tried.state())
            .step(tried.gradients(), Optional.of(tried.gradients()));
    this.all =
        new Stretch(
            0, ELEMENTS, IntStream.range(0, states).mapToObj(i -> (long) i * ELEMENTS).toList());
  }

  private static INDArray array(DataType type, int times, IntToDoubleFunction value) {
    double[] values = IntStream.range(0, times * ELEMENTS).mapToDouble(value).toArray();
    return Nd4j.createFromArray(values).castTo(type);
  }

  /** Whether the rule comes to ND4J's bits at a step. */
  boolean holds(IUpdater updater, Rule rule, int iteration, int epoch) {
    expected.copyFrom(start);
    tried.copyFrom(start);
    updater
        .instantiate(expected.state().orElse(null), false)
        .applyUpdater(expected.gradients(), iteration, epoch);
    expected.weights().subi(expected.gradients());
    kernel.update(all, new Recipe(1, 1, List.of(), rule, List.of()));
    return expected.equalsBitByBit(tried);
  }
}
