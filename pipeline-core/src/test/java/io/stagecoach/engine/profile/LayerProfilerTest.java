package io.stagecoach.engine.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Columns;
import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.SplitBackward;
import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageEngines;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.Dl4jEngine;
import io.stagecoach.engine.dl4j.Graphs;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.tensor.Tensors;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LayerProfilerTest {

  private static final Duration PLENTY = Duration.ofSeconds(60);

  private long now;
  private int passes;
  private int coldPasses;
  private int tooMany = Integer.MAX_VALUE;
  private int openModules;
  private int mostOpenModules;
  private final Set<String> alive = new HashSet<>();
  private int made;

  /** What a stage passes on: its rows, and a mark that says whether it was closed. */
  private Tensors payload(String name, int rows) {
    String mark = name + made++;
    alive.add(mark);
    INDArray array = Nd4j.createFromArray(rows);
    return Tensors.viewsOf(Map.of(name, array), () -> alive.remove(mark));
  }

  /** Layer i takes (i+1)(100+rows) forward, twice that backward, and in halves 3 and 5 times. */
  private final class ClockModule implements StageModule, SplitBackward {
    private final StageSpec spec;
    private int rows;

    ClockModule(StageSpec spec) {
      this.spec = spec;
      mostOpenModules = Math.max(mostOpenModules, ++openModules);
    }

    private void take(int times) {
      passes++;
      now += times * (spec.firstLayer() + 1L) * (100 + rows) * (passes < coldPasses ? 5 : 1);
    }

    @Override
    public Set<String> dataColumns() {
      return spec.isFirst() ? Set.of(Columns.FEATURES) : Set.of();
    }

    @Override
    public ParameterLayout parameterLayout() {
      return new ParameterLayout(List.of());
    }

    @Override
    public INDArray parameters() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void setParameters(INDArray flat) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void beginStep(StepContext context) {
      rows = 0;
    }

    @Override
    public Forward forward(int microBatch, Tensors inputs) {
      rows = inputs.get(spec.isFirst() ? Columns.FEATURES : "rows").getInt(0);
      if (rows >= tooMany && spec.firstLayer() == 1) {
        throw new OutOfMemoryError("no room for " + rows);
      }
      take(1);
      return new Forward(spec.isLast() ? Tensors.none() : payload("rows", rows), Loss.none());
    }

    @Override
    public Tensors backward(int microBatch, Tensors outputGradients) {
      checkGradients(outputGradients);
      take(2);
      return spec.isFirst() ? Tensors.none() : payload("gradients", rows);
    }

    private void checkGradients(Tensors gradients) {
      assertThat(spec.isLast() ? rows : gradients.get("gradients").getInt(0)).isEqualTo(rows);
    }

    @Override
    public Optional<SplitBackward> splitBackward() {
      return Optional.of(this);
    }

    @Override
    public Tensors backwardInput(int microBatch, Tensors outputGradients) {
      checkGradients(outputGradients);
      take(3);
      return spec.isFirst() ? Tensors.none() : payload("gradients", rows);
    }

    @Override
    public void backwardWeights(int microBatch) {
      take(5);
    }

    @Override
    public StageGradients gradients() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      openModules--;
    }
  }

  private LayerProfiler profiler(int layers) {
    StageEngine engine =
        new StageEngine() {
          @Override
          public String name() {
            return "clock";
          }

          @Override
          public StageModule open(StageSpec spec) {
            assertThat(spec.stages()).isEqualTo(layers);
            return new ClockModule(spec);
          }
        };
    MicroBatchSource source = (slice, columns) -> payload(Columns.FEATURES, slice.rows());
    return new LayerProfiler(engine, "", layers, 0, source, () -> now);
  }

  private static Slice slice(int rows) {
    return Slice.of(Slice.Split.TRAINING, 0, 0, rows);
  }

  @Test
  void measuresEveryLayerAtEverySize() {
    LayerTimes times = profiler(3).profile(List.of(1, 8, 64), LayerProfilerTest::slice, PLENTY);
    assertThat(times.sizes()).extracting(SizeTimes::rows).containsExactly(1, 8, 64);
    for (SizeTimes size : times.sizes()) {
      long unit = 100L + size.rows();
      assertThat(size.layers())
          .isEqualTo(
              IntStream.rangeClosed(1, 3)
                  .mapToLong(i -> i * unit)
                  .mapToObj(f -> new PassTimes(f, 2 * f, 3 * f, 5 * f))
                  .toList());
    }
    assertThat(mostOpenModules).as("one layer at a time").isEqualTo(1);
    assertThat(openModules).isZero();
    assertThat(alive).isEmpty();
  }

  /** The layers are measured from the last to the first: the last ones would look the slowest. */
  @Test
  void whatRanBeforeItWasCompiledDoesNotCount() {
    coldPasses = 10;
    LayerTimes cold = profiler(3).profile(List.of(1), LayerProfilerTest::slice, Duration.ZERO);
    assertThat(cold.layer(2, 1).forward()).as("once only").isEqualTo(5 * 303);
    assertThat(cold.layer(0, 1).forward()).isEqualTo(101);
    passes = 0;
    coldPasses = 60;
    LayerTimes settled = profiler(3).profile(List.of(1), LayerProfilerTest::slice, PLENTY);
    for (int layer = 0; layer < 3; layer++) {
      long f = (layer + 1) * 101L;
      assertThat(settled.layer(layer, 1)).isEqualTo(new PassTimes(f, 2 * f, 3 * f, 5 * f));
    }
    assertThat(passes).as("it ends when there is no more to gain").isLessThan(1_000);
    assertThat(alive).isEmpty();
  }

  /** The fastest would hide what the others of a machine take of a device. */
  @Test
  void theAverageCountsWhatDisturbsItButNotWhatIsNotCompiled() {
    PassTimes expected = new PassTimes(606, 2 * 606, 3 * 606, 5 * 606);
    Duration window = Duration.ofMillis(1);
    coldPasses = 400;
    assertThat(profiler(3).average(slice(1), window, window)).isEqualTo(expected);
    int warm = passes;
    profiler(3).average(slice(1), window, window.multipliedBy(4));
    assertThat(passes - warm).as("until the time is over").isGreaterThan(400);

    passes = 0;
    PassTimes cold = profiler(3).average(slice(1), Duration.ZERO, window);
    assertThat(cold.forward()).as("some of it").isBetween(607L, 5 * 606L - 1);
    passes = 0;
    assertThat(profiler(3).average(slice(1), Duration.ZERO, Duration.ZERO).forward())
        .isEqualTo(5 * 606);
    assertThat(alive).isEmpty();
  }

  @Test
  void aSingleLayerIsFirstAndLast() {
    LayerTimes times = profiler(1).profile(List.of(2), LayerProfilerTest::slice, PLENTY);
    assertThat(times.layer(0, 2)).isEqualTo(new PassTimes(102, 204, 306, 510));
    assertThat(alive).isEmpty();
  }

  /** All layers take 6 × 1,100 and more a round forward; sizes cost 6 to 70 times that. */
  @Test
  void largeSizesAreLeftOutWhereTimeIsShort() {
    LayerTimes times =
        profiler(3)
            .profile(
                List.of(1, 1_000, 100_000), LayerProfilerTest::slice, Duration.ofNanos(200_000));
    assertThat(times.sizes()).extracting(SizeTimes::rows).containsExactly(1, 1_000);
    assertThat(now).isBetween(50_000L, 600_000L);
    assertThat(times.layer(1, 2_000)).isEqualTo(new PassTimes(4_400, 8_800, 13_200, 22_000));
    assertThat(alive).isEmpty();
  }

  @Test
  void largeSizesAreLeftOutWhereMemoryIsShort() {
    tooMany = 64;
    LayerTimes times =
        profiler(3).profile(List.of(1, 8, 64, 128), LayerProfilerTest::slice, PLENTY);
    assertThat(times.sizes()).extracting(SizeTimes::rows).containsExactly(1, 8);
    assertThat(times.layer(1, 8).forward()).isEqualTo(216);
    assertThat(alive).isEmpty();
    tooMany = 1;
    assertThatThrownBy(() -> profiler(3).profile(List.of(1), LayerProfilerTest::slice, PLENTY))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(openModules).isZero();
  }

  @Test
  void theSmallestIsMeasuredInAnyCase() {
    LayerTimes times =
        profiler(3).profile(List.of(1_000, 2_000), LayerProfilerTest::slice, Duration.ofNanos(1));
    assertThat(times.sizes()).extracting(SizeTimes::rows).containsExactly(1_000);
    assertThat(alive).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "cnn", "lstm", "frozen", "residual", "twoInputs", "twoOutputs"})
  void takesWhateverTheEngineCuts(String network) {
    String json =
        switch (network) {
          case "mlp" -> Networks.mlp();
          case "cnn" -> Networks.cnn();
          case "lstm" -> Networks.lstm();
          case "residual" -> Graphs.residual();
          case "twoInputs" -> Graphs.twoInputs();
          case "twoOutputs" -> Graphs.twoOutputs();
          default -> Networks.frozen();
        };
    // Those of images leave the shape of their features to the data.
    int layers =
        switch (network) {
          case "cnn" -> 6;
          case "residual" -> 15;
          default -> LayerCosts.of(json, 2, 3).size();
        };
    MicroBatchSource source =
        (slice, columns) -> {
          try (Tensors all = examples(network, slice.rows())) {
            return only(all, columns);
          }
        };
    LayerTimes times =
        new LayerProfiler(
                StageEngines.named(Dl4jEngine.NAME), json, layers, 5, source, System::nanoTime)
            .profile(List.of(2, 5), LayerProfilerTest::slice, Duration.ofMillis(400));
    assertThat(times.layers()).isEqualTo(layers);
    times
        .sizes()
        .forEach(
            size -> assertThat(size.layers()).allMatch(layer -> layer.forward() > 0, "forward"));
    assertThat(times.sizes().get(0).layers().get(layers - 1).backward()).isPositive();
  }

  private static Tensors examples(String network, int rows) {
    return switch (network) {
      case "cnn" -> Batches.images(1, rows, 8, 3);
      case "lstm" -> Batches.sequences(1, rows, 4, 3, 3);
      case "residual" -> Batches.images(1, rows, 6, 3);
      case "twoInputs" ->
          Batches.tensors(
              Columns.features("early"),
              Batches.uniform(1, rows, 8),
              Columns.features("late"),
              Batches.uniform(2, rows, 3),
              Columns.LABELS,
              Batches.oneHot(Batches.classes(3, 3, rows), 3));
      case "twoOutputs" ->
          Batches.tensors(
              Columns.FEATURES,
              Batches.uniform(1, rows, 8),
              Columns.labels("classes"),
              Batches.oneHot(Batches.classes(2, 3, rows), 3),
              Columns.labels("side"),
              Batches.uniform(3, rows, 2));
      default -> Batches.vectors(1, rows, 8, 3);
    };
  }

  private static Tensors only(Tensors all, Set<String> columns) {
    Map<String, INDArray> kept = new LinkedHashMap<>();
    all.asMap()
        .forEach(
            (name, array) -> {
              if (columns.contains(name)) {
                kept.put(name, array.dup());
              }
            });
    return Tensors.of(kept);
  }
}
