package io.stagecoach.engine.update;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Compares a rule's constants at a step, which powers of the number of updates are in, with those
 * of ND4J's operation, by what both make of few elements. It is done at every step, and a small
 * network has no time for more: of ND4J it takes one operation. Not thread-safe.
 */
final class StepTrial {

  private static final int ELEMENTS = 37;
  private static final long SEED = 20_11;

  /** Gradients, then the state: what both sides begin with. */
  private final double[] begin;

  private final DataType type;
  private final int states;
  private final INDArray gradients;
  private final INDArray state;

  /**
   * @param type of the elements: 32 or 64 bits
   * @param states how many values the updater keeps of each
   */
  StepTrial(DataType type, int states) {
    this.type = type;
    this.states = states;
    Random random = new Random(SEED);
    this.begin =
        IntStream.range(0, (1 + states) * ELEMENTS)
            // Gradients of either sign; averages of squares have none.
            .mapToDouble(i -> i < ELEMENTS ? random.nextGaussian() : random.nextDouble() + 1e-3)
            .toArray();
    this.gradients = Nd4j.createUninitialized(type, ELEMENTS);
    this.state = states == 0 ? null : Nd4j.createUninitialized(type, (long) states * ELEMENTS);
  }

  /** Whether the rule comes to ND4J's bits at a step. */
  boolean holds(IUpdater updater, Rule rule, int iteration, int epoch) {
    return type == DataType.FLOAT
        ? singleHolds(updater, rule, iteration, epoch)
        : doubleHolds(updater, rule, iteration, epoch);
  }

  private void applyNd4j(IUpdater updater, int iteration, int epoch) {
    updater.instantiate(state, false).applyUpdater(gradients, iteration, epoch);
  }

  private boolean singleHolds(IUpdater updater, Rule rule, int iteration, int epoch) {
    float[] all = new float[begin.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) begin[i];
    }
    float[] gradient = Arrays.copyOf(all, ELEMENTS);
    float[] kept = Arrays.copyOfRange(all, ELEMENTS, all.length);
    FlatVector.of(gradients).write(0, gradient, ELEMENTS);
    if (states > 0) {
      FlatVector.of(state).write(0, kept, kept.length);
    }
    applyNd4j(updater, iteration, epoch);
    float[][] own = new float[states][];
    for (int i = 0; i < states; i++) {
      own[i] = Arrays.copyOfRange(kept, i * ELEMENTS, (i + 1) * ELEMENTS);
    }
    rule.apply(gradient, own, ELEMENTS);
    float[] read = new float[ELEMENTS];
    FlatVector.of(gradients).read(0, read, ELEMENTS);
    boolean equal = Arrays.equals(read, gradient);
    for (int i = 0; equal && i < states; i++) {
      FlatVector.of(state).read((long) i * ELEMENTS, read, ELEMENTS);
      equal = Arrays.equals(read, own[i]);
    }
    return equal;
  }

  private boolean doubleHolds(IUpdater updater, Rule rule, int iteration, int epoch) {
    double[] gradient = Arrays.copyOf(begin, ELEMENTS);
    double[] kept = Arrays.copyOfRange(begin, ELEMENTS, begin.length);
    FlatVector.of(gradients).write(0, gradient, ELEMENTS);
    if (states > 0) {
      FlatVector.of(state).write(0, kept, kept.length);
    }
    applyNd4j(updater, iteration, epoch);
    double[][] own = new double[states][];
    for (int i = 0; i < states; i++) {
      own[i] = Arrays.copyOfRange(kept, i * ELEMENTS, (i + 1) * ELEMENTS);
    }
    rule.apply(gradient, own, ELEMENTS);
    double[] read = new double[ELEMENTS];
    FlatVector.of(gradients).read(0, read, ELEMENTS);
    boolean equal = Arrays.equals(read, gradient);
    for (int i = 0; equal && i < states; i++) {
      FlatVector.of(state).read((long) i * ELEMENTS, read, ELEMENTS);
      equal = Arrays.equals(read, own[i]);
    }
    return equal;
  }
}
