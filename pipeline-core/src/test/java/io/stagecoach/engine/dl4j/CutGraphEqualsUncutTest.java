package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Recompute;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A pipeline of a graph's stages has the very weights of plain DL4J on the uncut graph, wherever it
 * is cut: through skip connections, so that whole stages only pass a tensor on, between inputs, and
 * between outputs.
 */
class CutGraphEqualsUncutTest {

  private static final List<ScheduleAuthor> AUTHORS =
      Schedules.standard().names().stream().map(Schedules.standard()::named).toList();

  private static final int STEPS = 5;
  private static final int ROWS = 8;
  private static final int MICRO_BATCHES = 3;
  private static final long SEED = 77;

  record Case(String name, String json, LongFunction<Tensors> data) {
    List<Tensors> microBatches(int step) {
      return Batches.split(data.apply(1000L * step), MICRO_BATCHES);
    }

    int vertices() {
      return Dl4jModel.parse(json).nodes().size();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("residual", Graphs.residual(), seed -> Batches.images(seed, ROWS, 6, 3)),
        new Case("shared input", Graphs.sharedInput(), seed -> Batches.vectors(seed, ROWS, 5, 3)),
        new Case("two inputs", Graphs.twoInputs(), CutGraphEqualsUncutTest::twoInputs),
        new Case("two outputs", Graphs.twoOutputs(), CutGraphEqualsUncutTest::twoOutputs),
        new Case("frozen", Graphs.frozen(), CutGraphEqualsUncutTest::twoOutputs),
        new Case("LSTM", Graphs.lstm(), seed -> Batches.sequences(seed, ROWS, 4, 3, 3)),
        new Case(
            "vertices for sequences",
            Graphs.sequenceVertices(),
            seed -> Batches.sequences(seed, ROWS, 4, 3, 3)));
  }

  private static Tensors twoInputs(long seed) {
    return Batches.tensors(
        Columns.features("early"),
        Batches.uniform(seed, ROWS, 8),
        Columns.features("late"),
        Batches.uniform(seed + 1, ROWS, 3),
        Columns.LABELS,
        Batches.oneHot(Batches.classes(seed + 2, 3, ROWS), 3));
  }

  private static Tensors twoOutputs(long seed) {
    return Batches.tensors(
        Columns.FEATURES,
        Batches.uniform(seed, ROWS, 8),
        Columns.labels("classes"),
        Batches.oneHot(Batches.classes(seed + 1, 3, ROWS), 3),
        Columns.labels("side"),
        Batches.uniform(seed + 2, ROWS, 2));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void weightsAreThoseOfTheUncutGraphAtEveryCut(Case tried) {
    INDArray expected = uncut(tried);
    for (int cut = 1; cut < tried.vertices(); cut++) {
      Recompute recompute = cut % 2 == 0 ? Recompute.NONE : Recompute.STAGE;
      check(tried, List.of(cut), new GPipe(), recompute, expected);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void weightsAreThoseOfTheUncutGraphInEverySchedule(Case tried) {
    INDArray expected = uncut(tried);
    int third = tried.vertices() / 3;
    for (ScheduleAuthor author : AUTHORS) {
      check(tried, List.of(third, 2 * third), author, Recompute.NONE, expected);
    }
    check(tried, List.of(1, 2, tried.vertices() - 1), new GPipe(), Recompute.STAGE, expected);
  }

  private static INDArray uncut(Case tried) {
    try (UncutGraphTrainer uncut = new UncutGraphTrainer(tried.json(), SEED)) {
      INDArray before = uncut.parameters().dup();
      for (int step = 0; step < STEPS; step++) {
        uncut.step(tried.microBatches(step), step, step / 3);
      }
      assertThat(uncut.parameters()).isNotEqualTo(before);
      return uncut.parameters().dup();
    }
  }

  private static void check(
      Case tried,
      List<Integer> cuts,
      ScheduleAuthor author,
      Recompute recompute,
      INDArray expected) {
    try (InProcessPipeline pipeline =
        new InProcessPipeline(tried.json(), cuts, MICRO_BATCHES, recompute, author, SEED)) {
      for (int step = 0; step < STEPS; step++) {
        pipeline.step(tried.microBatches(step), step, step / 3, false);
      }
      assertThat(pipeline.updater().parameters().sub(expected).norm2Number().doubleValue())
          .as("%s, cuts %s, %s, %s", tried, cuts, author.name(), recompute)
          .isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theLossIsTheSumOverAllOutputs(Case tried) {
    try (UncutGraphTrainer uncut = new UncutGraphTrainer(tried.json(), SEED);
        InProcessPipeline pipeline =
            new InProcessPipeline(
                tried.json(),
                List.of(tried.vertices() / 2),
                MICRO_BATCHES,
                Recompute.NONE,
                new GPipe(),
                SEED)) {
      double expected = uncut.step(tried.microBatches(0), 0, 0);
      Loss loss = pipeline.step(tried.microBatches(0), 0, 0, false);
      assertThat(loss.sum()).isCloseTo(expected, Offset.offset(1e-9));
      assertThat(loss.examples()).isEqualTo(ROWS);
    }
  }

  @Test
  void outputsInEarlyStagesPredict() {
    Tensors batch = twoOutputs(5);
    try (UncutGraphTrainer uncut = new UncutGraphTrainer(Graphs.twoOutputs(), SEED);
        InProcessPipeline pipeline =
            new InProcessPipeline(
                Graphs.twoOutputs(), List.of(3, 5), 1, Recompute.NONE, new GPipe(), SEED)) {
      Map<String, INDArray> expected = uncut.predict(batch);
      Tensors predicted = pipeline.infer(batch).outputs();
      assertThat(predicted.names())
          .containsExactlyInAnyOrder(Boundary.predictions("side"), Boundary.predictions("classes"));
      expected.forEach(
          (output, array) ->
              assertThat(predicted.get(Boundary.predictions(output))).isEqualTo(array));
    }
  }

  @Test
  void everyStageReadsTheColumnsOfItsOwnVertices() {
    try (InProcessPipeline inputs =
            new InProcessPipeline(
                Graphs.twoInputs(), List.of(2, 5), 1, Recompute.NONE, new GPipe(), SEED);
        InProcessPipeline outputs =
            new InProcessPipeline(
                Graphs.twoOutputs(), List.of(4), 1, Recompute.NONE, new GPipe(), SEED)) {
      assertThat(inputs.stages().get(0).dataColumns())
          .containsExactlyInAnyOrder("features.early", "features_mask.early");
      assertThat(inputs.stages().get(1).dataColumns()).isEmpty();
      assertThat(inputs.stages().get(2).dataColumns())
          .containsExactlyInAnyOrder(
              "features.early",
              "features_mask.early",
              "features.late",
              "features_mask.late",
              "labels",
              "labels_mask",
              "weights");
      assertThat(outputs.stages().get(0).dataColumns())
          .contains("features", "labels.side", "labels_mask.side");
      assertThat(outputs.stages().get(1).dataColumns())
          .containsExactlyInAnyOrder("labels.classes", "labels_mask.classes", "weights.classes");
    }
  }
}
