package io.stagecoach.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.Blocks;
import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.Dl4jStageModule;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.engine.dl4j.UncutTrainer;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.FewerExecutors;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Replicated;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.stage.ExecutorRuntime;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.stage.InProcessExchange;
import io.stagecoach.stage.StageStep;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Replicas of a pipeline on executors that are threads train the same, to the last bit, as one
 * pipeline that sums in as many blocks; and but for rounding the same as one that sums in one, and
 * as the uncut network.
 */
class ReplicasTest {

  /** The suite takes every schedule and number of executors for one network only. */
  private static final boolean FULL = "full".equals(System.getProperty("stagecoach.matrix"));

  private static final long SEED = 5;
  private static final double ROUNDING = 1e-11;
  private static final ScheduleAuthor USUAL = new OneForwardOneBackward();
  private static final SyncSettings SETTINGS = new SyncSettings(GradientWeight.EXAMPLES, 0.4, 0);

  /** Of each step: the last ones are of smaller mini-batches, of which replicas have nothing. */
  private static final List<Integer> MICRO_BATCHES = List.of(6, 6, 5, 2, 1, 6);

  /**
   * A network and its data.
   *
   * @param halves where it is cut in two
   * @param quarters where it is cut in four
   * @param carries whether the second step goes on from the state that the first one left
   */
  record Case(
      String name,
      String json,
      LongFunction<Tensors> data,
      List<Integer> halves,
      List<Integer> quarters,
      boolean carries) {

    List<List<Tensors>> steps() {
      List<List<Tensors>> steps = new ArrayList<>();
      for (int step = 0; step < MICRO_BATCHES.size(); step++) {
        List<Tensors> microBatches = new ArrayList<>();
        for (int m = 0; m < MICRO_BATCHES.get(step); m++) {
          microBatches.add(data.apply(1000L * step + 10L * m));
        }
        steps.add(microBatches);
      }
      return steps;
    }

    boolean carries(int step) {
      return carries && step == 1;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(
            "MLP",
            Networks.mlp(),
            seed -> Batches.vectors(seed, 3, 8, 3),
            List.of(0, 2, 5),
            List.of(0, 1, 2, 4, 5),
            false),
        new Case(
            "CNN",
            Networks.cnn(),
            seed -> Batches.images(seed, 3, 8, 3),
            List.of(0, 3, 6),
            List.of(0, 1, 3, 4, 6),
            false),
        new Case(
            "tied GPT",
            Networks.tiedGpt(),
            seed -> Batches.tokens(seed, 3, 7, 5),
            List.of(0, 2, 5),
            List.of(0, 1, 2, 3, 5),
            false),
        new Case(
            "LSTM, carried state",
            Networks.truncatedLstm(),
            seed -> Batches.sequences(seed, 3, 4, 3, 2),
            List.of(0, 2, 5),
            List.of(0, 1, 2, 3, 5),
            true));
  }

  /** What a run came to. */
  private record Trained(
      List<Double> weights, List<Double> state, List<Double> losses, List<Double> norms) {}

  /**
   * How a run goes.
   *
   * @param bounds the first layer of each stage, and the number of layers
   * @param executors how many there are: as the replicas' stages call for, or fewer
   */
  private record Way(
      ScheduleAuthor author,
      List<Integer> bounds,
      int chunks,
      int replicas,
      int blocks,
      int executors) {

    int stages() {
      return bounds.size() - 1;
    }

    int written() {
      return replicas * stages() / chunks;
    }

    int hostOf(int place) {
      int ofReplica = stages() / chunks;
      int executor = place / stages() * ofReplica + place % stages() % ofReplica;
      return FewerExecutors.hostOf(executor, written(), executors);
    }

    Schedule schedule(int microBatches) {
      ScheduleAuthor all = replicas == 1 ? author : new Replicated(author, replicas);
      return FewerExecutors.gather(
          all.schedule(new PipelineShape(replicas * stages(), microBatches, chunks)), executors);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void replicasTrainWhatOnePipelineTrainsThatSumsInAsManyBlocks(Case tried) throws Exception {
    List<List<Tensors>> steps = tried.steps();
    Trained inBlocks = train(tried, new Way(USUAL, tried.halves(), 1, 1, 2, 2), steps);
    boolean all = FULL || tried.name().equals("MLP");
    for (String name : all ? Schedules.standard().names() : List.of("zb-h1")) {
      ScheduleAuthor author = Schedules.standard().named(name);
      boolean chunked = name.matches("interleaved-1f1b|looped-bfs");
      List<Integer> bounds = chunked ? tried.quarters() : tried.halves();
      int chunks = chunked ? 2 : 1;
      assertThat(train(tried, new Way(author, bounds, chunks, 2, 2, 4), steps))
          .as("2 replicas, %s", name)
          .isEqualTo(inBlocks);
      assertThat(train(tried, new Way(author, bounds, chunks, 1, 2, 2), steps))
          .as("one pipeline in 2 blocks, %s", name)
          .isEqualTo(inBlocks);
    }
    for (int executors = all ? 1 : 3; executors < 4; executors++) {
      assertThat(train(tried, new Way(USUAL, tried.halves(), 1, 2, 2, executors), steps))
          .as("2 replicas on %d executors", executors)
          .isEqualTo(inBlocks);
    }
    assertThat(train(tried, new Way(USUAL, tried.quarters(), 1, 3, 3, 12), steps))
        .as("3 replicas of 4 stages")
        .isEqualTo(train(tried, new Way(USUAL, tried.halves(), 1, 1, 3, 2), steps));

    Trained inOne = train(tried, new Way(USUAL, tried.halves(), 1, 1, 1, 2), steps);
    assertThat(inBlocks).as("blocks change how sums are rounded").isNotEqualTo(inOne);
    assertThat(inBlocks.weights()).hasSameSizeAs(inOne.weights());
    for (int i = 0; i < inOne.weights().size(); i++) {
      assertThat(inBlocks.weights().get(i)).isCloseTo(inOne.weights().get(i), within(ROUNDING));
    }
    for (int i = 0; i < inOne.losses().size(); i++) {
      assertThat(inBlocks.losses().get(i)).isCloseTo(inOne.losses().get(i), within(ROUNDING));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void replicasTrainWhatTheUncutNetworkTrains(Case tried) throws Exception {
    List<List<Tensors>> steps = tried.steps();
    Trained trained =
        train(
            tried,
            new Way(USUAL, tried.halves(), 1, 2, 2, 4),
            steps,
            new SyncSettings(GradientWeight.EXAMPLES, 0, 0));
    try (UncutTrainer uncut = new UncutTrainer(tried.json(), SEED)) {
      for (int step = 0; step < steps.size(); step++) {
        uncut.step(steps.get(step), step, 0, tried.carries(step));
      }
      double[] expected = uncut.parameters().toDoubleVector();
      assertThat(trained.weights()).hasSize(expected.length);
      for (int i = 0; i < expected.length; i++) {
        assertThat(trained.weights().get(i)).isCloseTo(expected[i], within(ROUNDING));
      }
    }
  }

  private static Trained train(Case tried, Way way, List<List<Tensors>> steps) throws Exception {
    return train(tried, way, steps, SETTINGS);
  }

  private static Trained train(
      Case tried, Way way, List<List<Tensors>> steps, SyncSettings settings) throws Exception {
    List<ExecutorService> threads = new ArrayList<>();
    List<ExecutorRuntime> executors = new ArrayList<>();
    Data data = new Data(way, steps);
    InProcessExchange[] wire = InProcessExchange.between(way.executors());
    for (int e = 0; e < way.executors(); e++) {
      int executor = e;
      threads.add(Executors.newSingleThreadExecutor());
      executors.add(
          on(
              threads.get(e),
              () ->
                  new ExecutorRuntime(
                      executor, data.host(tried, executor), wire[executor], System::nanoTime)));
    }
    Dl4jModelUpdater model = Dl4jModelUpdater.create(tried.json());
    List<ParameterLayout> layouts = new ArrayList<>();
    for (int s = 0; s < way.stages(); s++) {
      layouts.add(model.stageLayout(way.bounds().get(s), way.bounds().get(s + 1)));
    }
    List<Double> losses = new ArrayList<>();
    List<Double> norms = new ArrayList<>();
    try (Synchronizer synchronizer = new Synchronizer(model, layouts, 0, settings)) {
      for (int step = 0; step < steps.size(); step++) {
        int count = steps.get(step).size();
        StepContext context =
            new StepContext(step, 0, 0, count, way.blocks(), Mode.TRAINING, tried.carries(step));
        Schedule schedule = way.schedule(count);
        List<Future<List<StageStep>>> running = new ArrayList<>();
        for (int e = 0; e < way.executors(); e++) {
          ExecutorRuntime runtime = executors.get(e);
          List<Action> mine = schedule.executors().get(e);
          List<Slice> slices = Data.slices(step, count);
          for (HostedStage hosted : runtime.stages()) {
            INDArray weights = synchronizer.weights(hosted.stage());
            if (!weights.isEmpty()) {
              hosted.module().setParameters(weights);
            }
          }
          running.add(threads.get(e).submit(() -> runtime.run(context, mine, slices)));
        }
        StepOutcome outcome = synchronizer.commit(step, 0, parts(executors, running));
        losses.add(outcome.loss().sum());
        norms.add(outcome.globalNorm());
      }
      synchronizer.gather();
      return new Trained(list(model.parameters()), list(model.updaterState()), losses, norms);
    } finally {
      for (int e = 0; e < way.executors(); e++) {
        ExecutorRuntime runtime = executors.get(e);
        on(
            threads.get(e),
            () -> {
              runtime.close();
              return null;
            });
        threads.get(e).shutdown();
      }
    }
  }

  private static List<StagePart> parts(
      List<ExecutorRuntime> executors, List<Future<List<StageStep>>> running) throws Exception {
    Map<Integer, StagePart> parts = new TreeMap<>();
    for (int e = 0; e < executors.size(); e++) {
      for (StageStep report : running.get(e).get()) {
        INDArray flat = executors.get(e).stage(report.stage()).module().gradients().flat();
        parts.put(
            report.stage(),
            new StagePart(report, Tensors.viewsOf(Map.of(StagePart.GRADIENTS, flat), () -> {})));
      }
    }
    return List.copyOf(parts.values());
  }

  private static List<Double> list(INDArray array) {
    List<Double> values = new ArrayList<>();
    for (double value : array.reshape(array.length()).toDoubleVector()) {
      values.add(value);
    }
    return values;
  }

  private static <T> T on(ExecutorService thread, Callable<T> work) throws Exception {
    try {
      return thread.submit(work).get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  /** The examples, of which each replica may see its own only. */
  private record Data(Way way, List<List<Tensors>> steps) {

    private static final int STEP = 1000;

    static List<Slice> slices(int step, int count) {
      List<Slice> slices = new ArrayList<>();
      for (int m = 0; m < count; m++) {
        slices.add(Slice.of(Slice.Split.TRAINING, 0, (long) STEP * step + m, 3));
      }
      return slices;
    }

    List<HostedStage> host(Case tried, int executor) {
      List<HostedStage> hosted = new ArrayList<>();
      for (int place = 0; place < way.replicas() * way.stages(); place++) {
        if (way.hostOf(place) == executor) {
          int stage = place % way.stages();
          StageSpec spec =
              new StageSpec(
                  tried.json(),
                  place,
                  way.stages(),
                  way.bounds().get(stage),
                  way.bounds().get(stage + 1),
                  6,
                  Recompute.NONE,
                  SEED);
          hosted.add(new HostedStage(place, new Dl4jStageModule(spec), source(spec.replica())));
        }
      }
      return hosted;
    }

    private MicroBatchSource source(int replica) {
      return new MicroBatchSource() {
        @Override
        public void prefetch(List<Slice> slices, Set<String> columns) {
          slices.forEach(slice -> microBatch(slice));
        }

        @Override
        public Tensors read(Slice slice, Set<String> columns) {
          Map<String, INDArray> mine = new HashMap<>(microBatch(slice).asMap());
          mine.keySet().retainAll(columns);
          return Tensors.viewsOf(mine, () -> {});
        }

        private Tensors microBatch(Slice slice) {
          List<Tensors> step = steps.get((int) (slice.firstRow() / STEP));
          int m = (int) (slice.firstRow() % STEP);
          assertThat(new Blocks(step.size(), way.replicas()).of(m))
              .as("who reads micro-batch %d of %d", m, step.size())
              .isEqualTo(replica);
          return step.get(m);
        }
      };
    }
  }
}
