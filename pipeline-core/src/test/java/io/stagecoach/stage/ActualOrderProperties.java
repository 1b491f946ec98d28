package io.stagecoach.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.SplitBackward;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.TimedAction;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What executors really do, in threads of their own and with passes of random length, is an order
 * that the simulator admits: there are times of passes and hops under which it gives the same order
 * on each executor, and nothing begins before that which it needs has ended.
 */
class ActualOrderProperties {

  /** A stage that takes its time and passes nothing on. */
  private static final class Idle implements StageModule, SplitBackward {
    private final Random random;
    private final INDArray weight = Nd4j.zeros(DataType.FLOAT, 1);

    Idle(long seed) {
      this.random = new Random(seed);
    }

    private Tensors pass() {
      LockSupport.parkNanos(random.nextInt(300_000));
      return Tensors.none();
    }

    @Override
    public Set<String> dataColumns() {
      return Set.of();
    }

    @Override
    public ParameterLayout parameterLayout() {
      return new ParameterLayout(List.of());
    }

    @Override
    public INDArray parameters() {
      return weight;
    }

    @Override
    public void setParameters(INDArray flat) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void beginStep(StepContext context) {}

    @Override
    public Forward forward(int microBatch, Tensors inputs) {
      return new Forward(pass(), Loss.none());
    }

    @Override
    public Tensors backward(int microBatch, Tensors outputGradients) {
      return pass();
    }

    @Override
    public Optional<SplitBackward> splitBackward() {
      return Optional.of(this);
    }

    @Override
    public Tensors backwardInput(int microBatch, Tensors outputGradients) {
      return pass();
    }

    @Override
    public void backwardWeights(int microBatch) {
      pass();
    }

    @Override
    public StageGradients gradients() {
      return new StageGradients(weight, 1, 0);
    }

    @Override
    public void close() {}
  }

  /** Hops between threads, each late by a random time. */
  private static final class Wire implements Exchange {
    private final Map<Hop, CompletableFuture<Tensors>> hops;

    Wire(Map<Hop, CompletableFuture<Tensors>> hops) {
      this.hops = hops;
    }

    private CompletableFuture<Tensors> of(Hop hop) {
      return hops.computeIfAbsent(hop, unused -> new CompletableFuture<>());
    }

    @Override
    public void send(Hop hop, Tensors tensors) {
      of(hop).complete(tensors);
    }

    @Override
    public Tensors receive(Hop hop) {
      return of(hop).orTimeout(20, TimeUnit.SECONDS).join();
    }

    @Override
    public Traffic drainTraffic(int stage) {
      return Traffic.none();
    }

    @Override
    public void close() {}
  }

  @Property(tries = 60)
  void isAnOrderThatTheSimulatorAdmits(
      @ForAll @IntRange(min = 0, max = 5) int which,
      @ForAll @IntRange(min = 1, max = 4) int executors,
      @ForAll @IntRange(min = 1, max = 8) int microBatches,
      @ForAll @IntRange(min = 1, max = 3) int chunks,
      @ForAll long seed)
      throws Exception {
    ScheduleAuthor author =
        Schedules.standard().named(List.copyOf(Schedules.standard().names()).get(which));
    int v = author.name().matches("interleaved-1f1b|looped-bfs") ? chunks : 1;
    Schedule schedule = author.schedule(new PipelineShape(executors * v, microBatches, v));
    Map<Action, long[]> seen = run(schedule, seed);

    // The simulator, told what passes took on the average, orders each executor's actions alike.
    List<TimedAction> simulated = Simulator.simulate(schedule, means(schedule, seen)).actions();
    int at = 0;
    for (List<Action> list : schedule.executors()) {
      long last = Long.MIN_VALUE;
      for (Action action : list) {
        assertThat(simulated.get(at++).action()).isEqualTo(action);
        assertThat(seen.get(action)[0]).as("%s began", action.text()).isGreaterThanOrEqualTo(last);
        last = seen.get(action)[1];
      }
    }
    for (Action action : seen.keySet()) {
      needs(action, schedule)
          .ifPresent(
              needed ->
                  assertThat(seen.get(action)[1])
                      .as("%s after %s", action.text(), needed.text())
                      .isGreaterThan(seen.get(needed)[0]));
    }
  }

  /** The send that a receive is for. */
  private static Optional<Action> needs(Action action, Schedule schedule) {
    int m = action.microBatch();
    if (action instanceof Action.ReceiveActivations) {
      return Optional.of(new Action.SendActivations(action.stage() - 1, m));
    }
    if (action instanceof Action.ReceiveGradients && action.stage() + 1 < schedule.stages()) {
      return Optional.of(new Action.SendGradients(action.stage() + 1, m));
    }
    return Optional.empty();
  }

  private static StageCosts means(Schedule schedule, Map<Action, long[]> seen) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    List<Long> weights = new ArrayList<>();
    for (int stage = 0; stage < schedule.stages(); stage++) {
      long f = 0;
      long b = 0;
      long w = 0;
      for (Map.Entry<Action, long[]> entry : seen.entrySet()) {
        Action action = entry.getKey();
        long took = entry.getValue()[1] - entry.getValue()[0];
        if (action.stage() != stage || !action.isCompute()) {
          continue;
        }
        f += action instanceof Action.Forward ? took : 0;
        b += action instanceof Action.Forward ? 0 : took;
        w += action instanceof Action.BackwardWeights ? took : 0;
      }
      forward.add(f / schedule.microBatches());
      backward.add(b / schedule.microBatches());
      weights.add(w / schedule.microBatches());
    }
    return new StageCosts(forward, backward, weights, 1);
  }

  /** Runs a step; when each action began and ended, on one clock. */
  private static Map<Action, long[]> run(Schedule schedule, long seed) throws Exception {
    Map<Hop, CompletableFuture<Tensors>> hops = new ConcurrentHashMap<>();
    List<Slice> slices = new ArrayList<>();
    for (int m = 0; m < schedule.microBatches(); m++) {
      slices.add(Slice.of(Split.TRAINING, 0, m, 1));
    }
    StepContext context = new StepContext(0, 0, 0, slices.size(), Mode.TRAINING, false);
    ExecutorService threads = Executors.newFixedThreadPool(schedule.executors().size());
    try {
      List<Future<Map<Action, long[]>>> all = new ArrayList<>();
      for (int e = 0; e < schedule.executors().size(); e++) {
        int executor = e;
        all.add(threads.submit(() -> executor(schedule, executor, seed, hops, context, slices)));
      }
      Map<Action, long[]> seen = new HashMap<>();
      for (Future<Map<Action, long[]>> one : all) {
        seen.putAll(one.get(30, TimeUnit.SECONDS));
      }
      return seen;
    } finally {
      threads.shutdownNow();
    }
  }

  private static Map<Action, long[]> executor(
      Schedule schedule,
      int executor,
      long seed,
      Map<Hop, CompletableFuture<Tensors>> hops,
      StepContext context,
      List<Slice> slices) {
    List<HostedStage> hosted = new ArrayList<>();
    for (int stage = 0; stage < schedule.stages(); stage++) {
      if (schedule.executorOf(stage) == executor) {
        hosted.add(
            new HostedStage(
                stage,
                new Idle(seed + stage),
                (slice, columns) -> {
                  throw new UnsupportedOperationException("the stages read no columns");
                }));
      }
    }
    AtomicLong heard = new AtomicLong();
    try (ExecutorRuntime runtime =
        new ExecutorRuntime(
            executor,
            hosted,
            new Wire(hops),
            () -> {
              long now = System.nanoTime();
              heard.compareAndSet(0, now);
              return now;
            })) {
      Map<Action, long[]> seen = new HashMap<>();
      List<Action> actions = schedule.executors().get(executor);
      for (StageStep step : runtime.run(context, actions, slices)) {
        for (Span span : step.spans()) {
          seen.put(
              span.action(),
              new long[] {heard.get() + span.startNanos(), heard.get() + span.endNanos()});
        }
      }
      return seen;
    }
  }
}
