package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Recompute;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.ZeroBubbleH1;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A pipeline has the very weights of plain DL4J on the uncut network: two and three stages, one to
 * eight micro-batches (the last of them smaller), all schedules, recompute on and off.
 */
class CutEqualsUncutTest {

  /**
   * The suite takes a sample of the matrix. With {@code -Dstagecoach.matrix=full} it is all of it:
   * every M from 1 to 8, every cut, schedule and recompute together, twenty steps each.
   */
  private static final boolean FULL = "full".equals(System.getProperty("stagecoach.matrix"));

  private static final List<ScheduleAuthor> AUTHORS =
      Schedules.standard().names().stream().map(Schedules.standard()::named).toList();

  private static final int LONG_RUN = FULL ? 20 : 8;
  private static final int SHORT_RUN = 3;
  private static final int ROWS = 15;
  private static final long SEED = 77;

  record Case(
      String name,
      String json,
      LongFunction<Tensors> data,
      List<List<Integer>> cuts,
      int carriedSegments) {
    /**
     * Recurrent networks and GPTs are slow however small: fewer counts of micro-batches for them.
     */
    List<Integer> microBatches() {
      if (FULL) {
        return List.of(1, 2, 3, 4, 5, 6, 7, 8);
      }
      return name.startsWith("LSTM") || name.startsWith("GPT")
          ? List.of(1, 3, 8)
          : List.of(1, 2, 3, 5, 8);
    }

    /** Whether the step goes on with the sequences of the step before. */
    boolean carries(int step) {
      return step % carriedSegments != 0;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    LongFunction<Tensors> vectors = seed -> Batches.vectors(seed, ROWS, 8, 3);
    return Stream.of(
        new Case("MLP", Networks.mlp(), vectors, List.of(List.of(2), List.of(1, 4)), 1),
        new Case("frozen layer", Networks.frozen(), vectors, List.of(List.of(1), List.of(2, 3)), 1),
        new Case(
            "CNN",
            Networks.cnn(),
            seed -> Batches.images(seed, ROWS, 8, 3),
            List.of(List.of(3), List.of(2, 4)),
            1),
        new Case(
            "LSTM with masks",
            Networks.lstm(),
            seed -> Batches.sequences(seed, ROWS, 4, 3, 3),
            List.of(List.of(2), List.of(1, 3)),
            1),
        new Case(
            "GPT",
            Networks.gpt(),
            seed -> Batches.tokens(seed, ROWS, 7, 5),
            List.of(List.of(2), List.of(1, 3)),
            1),
        new Case(
            "LSTM, carried state",
            Networks.truncatedLstm(),
            seed -> Batches.sequences(seed, ROWS, 4, 3, 2),
            List.of(List.of(1, 3)),
            3));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void weightsAreThoseOfTheUncutNetwork(Case tried) {
    for (int microBatches : tried.microBatches()) {
      int count = FULL || microBatches == 3 ? LONG_RUN : SHORT_RUN;
      List<List<Tensors>> steps = new ArrayList<>();
      for (int step = 0; step < count; step++) {
        steps.add(Batches.split(tried.data().apply(1000L * step), microBatches));
      }
      INDArray expected;
      double expectedLoss = 0;
      try (UncutTrainer uncut = new UncutTrainer(tried.json(), SEED)) {
        for (int step = 0; step < count; step++) {
          expectedLoss = uncut.step(steps.get(step), step, step / 7, tried.carries(step));
        }
        expected = uncut.parameters().dup();
      }
      int tries = 0;
      for (List<Integer> cuts : tried.cuts()) {
        for (ScheduleAuthor author : AUTHORS) {
          boolean split = author instanceof ZeroBubbleH1;
          Recompute sampled = split || tries++ % 2 == 0 ? Recompute.NONE : Recompute.STAGE;
          for (Recompute recompute : FULL ? List.of(Recompute.values()) : List.of(sampled)) {
            check(tried, cuts, author, recompute, steps, expected, expectedLoss);
          }
        }
      }
      check(
          tried, tried.cuts().get(0), new GPipe(), Recompute.STAGE, steps, expected, expectedLoss);
      List<Integer> mostCuts = tried.cuts().get(tried.cuts().size() - 1);
      List<Recompute> byTurns = new ArrayList<>();
      for (int stage = 0; stage <= mostCuts.size(); stage++) {
        byTurns.add(stage % 2 == 0 ? Recompute.STAGE : Recompute.NONE);
      }
      // Of a split backward pass only the stages that keep all do the halves apart.
      for (ScheduleAuthor author : List.of(new GPipe(), new ZeroBubbleH1())) {
        check(tried, mostCuts, author, byTurns, steps, expected, expectedLoss);
      }
    }
  }

  private static void check(
      Case tried,
      List<Integer> cuts,
      ScheduleAuthor author,
      Recompute recompute,
      List<List<Tensors>> steps,
      INDArray expected,
      double expectedLoss) {
    List<Recompute> all = Collections.nCopies(cuts.size() + 1, recompute);
    check(tried, cuts, author, all, steps, expected, expectedLoss);
  }

  private static void check(
      Case tried,
      List<Integer> cuts,
      ScheduleAuthor author,
      List<Recompute> recompute,
      List<List<Tensors>> steps,
      INDArray expected,
      double expectedLoss) {
    int microBatches = steps.get(0).size();
    try (InProcessPipeline pipeline =
        new InProcessPipeline(tried.json(), cuts, microBatches, recompute, author, SEED)) {
      Loss loss = Loss.none();
      for (int step = 0; step < steps.size(); step++) {
        loss = pipeline.step(steps.get(step), step, step / 7, tried.carries(step));
      }
      assertThat(pipeline.updater().parameters().sub(expected).norm2Number().doubleValue())
          .as("%s, cuts %s, %s, M=%d, %s", tried, cuts, author.name(), microBatches, recompute)
          .isZero();
      assertThat(loss.sum()).isCloseTo(expectedLoss, Offset.offset(1e-9));
    }
  }
}
