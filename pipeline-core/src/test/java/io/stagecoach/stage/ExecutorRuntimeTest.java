package io.stagecoach.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Columns;
import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.FinishedGradients;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.Action;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ExecutorRuntimeTest {

  /** Multiplies by one weight; the last stage's loss is half the square of its output. */
  private static class Scale implements StageModule {
    final boolean first;
    final boolean last;
    final double weight;
    final Map<Integer, double[]> kept = new HashMap<>();
    final INDArray gradient = Nd4j.zeros(DataType.DOUBLE, 1);

    Scale(boolean first, boolean last, double weight) {
      this.first = first;
      this.last = last;
      this.weight = weight;
    }

    @Override
    public Set<String> dataColumns() {
      return first ? Set.of(Columns.FEATURES) : Set.of();
    }

    @Override
    public ParameterLayout parameterLayout() {
      return new ParameterLayout(List.of(new View("W", 0, 1, Kind.TRAINABLE)));
    }

    @Override
    public INDArray parameters() {
      return Nd4j.createFromArray(weight);
    }

    @Override
    public void setParameters(INDArray flat) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void beginStep(StepContext context) {
      kept.clear();
      gradient.assign(0);
    }

    @Override
    public Forward forward(int microBatch, Tensors inputs) {
      double x = inputs.get(first ? Columns.FEATURES : "y").getDouble(0);
      double y = weight * x;
      kept.put(microBatch, new double[] {x, y});
      if (last) {
        return new Forward(Tensors.none(), new Loss(y * y / 2, 1, 1, List.of()));
      }
      return new Forward(Tensors.of("y", Nd4j.createFromArray(y)), Loss.none());
    }

    @Override
    public Tensors backward(int microBatch, Tensors outputGradients) {
      double[] xy = kept.remove(microBatch);
      double dy = last ? xy[1] : outputGradients.get("dy").getDouble(0);
      gradient.addi(dy * xy[0]);
      return first ? Tensors.none() : Tensors.of("dy", Nd4j.createFromArray(dy * weight));
    }

    @Override
    public StageGradients gradients() {
      return new StageGradients(gradient, 0, 0.25);
    }

    @Override
    public void close() {}
  }

  /** Example i is the number i + 1. */
  private final AtomicInteger open = new AtomicInteger();

  private MicroBatchSource numbers() {
    return (slice, columns) -> {
      open.incrementAndGet();
      INDArray x = Nd4j.createFromArray((double) slice.firstRow() + 1);
      return Tensors.viewsOf(Map.of(Columns.FEATURES, x), open::decrementAndGet);
    };
  }

  private static List<Slice> slices(int count) {
    List<Slice> slices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      slices.add(Slice.of(Split.TRAINING, 0, i, 1));
    }
    return slices;
  }

  private static final List<Action> FIRST =
      List.of(
          new Action.Forward(0, 0),
          new Action.SendActivations(0, 0),
          new Action.Forward(0, 1),
          new Action.SendActivations(0, 1),
          new Action.ReceiveGradients(0, 0),
          new Action.Backward(0, 0),
          new Action.ReceiveGradients(0, 1),
          new Action.Backward(0, 1));

  private static final List<Action> LAST =
      List.of(
          new Action.ReceiveActivations(1, 0),
          new Action.Forward(1, 0),
          new Action.Backward(1, 0),
          new Action.SendGradients(1, 0),
          new Action.ReceiveActivations(1, 1),
          new Action.Forward(1, 1),
          new Action.Backward(1, 1),
          new Action.SendGradients(1, 1));

  private final AtomicLong clock = new AtomicLong();

  private ExecutorRuntime runtime(int stage, Scale module, Exchange exchange) {
    return new ExecutorRuntime(
        stage,
        List.of(new HostedStage(stage, module, numbers())),
        exchange,
        () -> clock.addAndGet(10));
  }

  @Test
  void twoStagesGiveTheGradientsOfTheirProduct() {
    InProcessExchange[] wire = InProcessExchange.between(2);
    Scale a = new Scale(true, false, 3);
    Scale b = new Scale(false, true, 2);
    StepContext step = new StepContext(5, 0, 0, 2, Mode.TRAINING, false);
    try (ExecutorRuntime first = runtime(0, a, wire[0]);
        ExecutorRuntime last = runtime(1, b, wire[1])) {
      CompletableFuture<StageStep> other =
          CompletableFuture.supplyAsync(() -> last.run(step, LAST, slices(2)).get(0));
      StageStep mine = first.run(step, FIRST, slices(2)).get(0);
      StageStep theirs = other.join();

      // Loss Σ (a b x)² / 2 for x = 1, 2; d/da = a b² Σ x², d/db = a² b Σ x².
      assertThat(theirs.loss().sum()).isEqualTo(36 * (1 + 4) / 2.0);
      assertThat(a.gradient.getDouble(0)).isEqualTo(3 * 4 * 5);
      assertThat(b.gradient.getDouble(0)).isEqualTo(9 * 2 * 5);
      assertThat(mine.peakStash()).isEqualTo(2);
      assertThat(theirs.peakStash()).isEqualTo(1);
      assertThat(mine.examples()).isEqualTo(2);
      assertThat(theirs.examples()).isEqualTo(2);
      assertThat(mine.regularization()).isEqualTo(0.25);
      assertThat(mine.spans()).extracting(Span::action).containsExactlyElementsOf(FIRST);
      assertThat(mine.spans()).allMatch(span -> span.nanos() > 0);
      assertThat(mine.traffic().hopsSent()).isEqualTo(2);
      assertThat(open).hasValue(0);
    }
  }

  /** A stage whose module says when its gradient is final. */
  private static final class Telling extends Scale {
    private FinishedGradients told;

    Telling() {
      super(true, true, 3);
    }

    @Override
    public void beginStep(StepContext context) {
      super.beginStep(context);
      told = null;
    }

    @Override
    public void endWith(FinishedGradients listener) {
      told = listener;
    }

    @Override
    public Tensors backward(int microBatch, Tensors outputGradients) {
      Tensors result = super.backward(microBatch, outputGradients);
      if (told != null) {
        told.finished(gradient, 0, 1);
      }
      return result;
    }
  }

  @Test
  void gradientsAreToldWithinTheLastBackwardPass() {
    List<Action> actions =
        List.of(
            new Action.Forward(0, 0),
            new Action.Forward(0, 1),
            new Action.Backward(0, 0),
            new Action.Backward(0, 1));
    List<String> told = new ArrayList<>();
    Telling module = new Telling();
    try (ExecutorRuntime runtime = runtime(0, module, InProcessExchange.between(1)[0])) {
      for (long step = 0; step < 2; step++) {
        runtime.begin(
            new StepContext(step, 0, 0, 2, Mode.TRAINING, false),
            actions,
            slices(2),
            List.of(),
            (stage, context, flat, from, to) ->
                told.add(
                    stage
                        + " of step "
                        + context.step()
                        + ": "
                        + flat.getDouble(0)
                        + ", "
                        + runtime.doing().orElseThrow().action().text()));
        runtime.perform(actions);
        runtime.end();
      }
      // Σ a x² for x = 1, 2.
      assertThat(told).containsExactly("0 of step 0: 15.0, B0.1", "0 of step 1: 15.0, B0.1");
      told.clear();
      runtime.run(new StepContext(2, 0, 0, 2, Mode.TRAINING, false), actions, slices(2));
      assertThat(told).as("nobody asked").isEmpty();
    }
  }

  /** Both stages on one executor: the last one is done while the first one still computes. */
  @Test
  void aStageEndsBeforeTheOthersOfItsExecutor() {
    InProcessExchange[] wire = InProcessExchange.between(2);
    Scale a = new Scale(true, false, 3);
    Scale b = new Scale(false, true, 2);
    List<Action> actions = new ArrayList<>(FIRST.subList(0, 4));
    actions.addAll(LAST);
    StepContext step = new StepContext(5, 0, 0, 2, Mode.TRAINING, false);
    try (ExecutorRuntime both =
        new ExecutorRuntime(
            0,
            List.of(new HostedStage(0, a, numbers()), new HostedStage(1, b, numbers())),
            wire[0],
            () -> clock.addAndGet(10))) {
      for (int time = 0; time < 2; time++) {
        both.begin(step, actions, slices(2), List.of());
        both.perform(actions);
        StageStep last = both.end(1);
        assertThat(last.loss().sum()).isEqualTo(36 * (1 + 4) / 2.0);
        assertThat(b.gradient.getDouble(0)).isEqualTo(9 * 2 * 5);
        assertThatThrownBy(() -> both.end(1)).isInstanceOf(IllegalStateException.class);
        both.perform(FIRST.subList(4, FIRST.size()));
        assertThat(both.end()).extracting(StageStep::stage).containsExactly(0);
        assertThat(a.gradient.getDouble(0)).isEqualTo(3 * 4 * 5);
        assertThat(open).hasValue(0);
      }
    }
  }

  @Test
  void inferenceStashesNothing() {
    InProcessExchange[] wire = InProcessExchange.between(2);
    try (ExecutorRuntime only = runtime(0, new Scale(true, true, 3), wire[0])) {
      StageStep step =
          only.run(
                  new StepContext(0, 0, 0, 2, Mode.INFERENCE, false),
                  List.of(new Action.Forward(0, 0), new Action.Forward(0, 1)),
                  slices(2))
              .get(0);
      assertThat(step.peakStash()).isZero();
      assertThat(step.loss().examples()).isEqualTo(2);
      assertThat(step.regularization()).isZero();
      assertThat(open).hasValue(0);
    }
  }

  @Test
  void aFailureNamesItsPlaceAndLeaksNothing() {
    InProcessExchange[] wire = InProcessExchange.between(2);
    Scale module = new Scale(true, false, 3);
    try (ExecutorRuntime runtime = runtime(0, module, wire[0])) {
      StepContext step = new StepContext(7, 0, 0, 2, Mode.TRAINING, false);
      assertThatThrownBy(
              () ->
                  runtime.run(
                      step,
                      List.of(
                          new Action.Forward(0, 0),
                          new Action.Forward(0, 1),
                          new Action.Backward(0, 1)),
                      slices(2)))
          .isInstanceOfSatisfying(
              StagecoachException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(ErrorKind.INTERNAL);
                assertThat(e.where().stage()).isZero();
                assertThat(e.where().step()).isEqualTo(7);
                assertThat(e.where().microBatch()).isEqualTo(1);
              });
      assertThat(open).hasValue(0);
    }
  }

  @Test
  void stagesOfOneExecutorPassTensorsWithoutTheExchange() {
    Scale a = new Scale(true, false, 3);
    Scale b = new Scale(false, true, 2);
    Exchange unused =
        new Exchange() {
          @Override
          public void send(Hop hop, Tensors tensors) {
            throw new AssertionError(hop);
          }

          @Override
          public Tensors receive(Hop hop) {
            throw new AssertionError(hop);
          }

          @Override
          public Traffic drainTraffic(int stage) {
            return Traffic.none();
          }

          @Override
          public void close() {}
        };
    List<HostedStage> hosted =
        List.of(new HostedStage(0, a, numbers()), new HostedStage(1, b, numbers()));
    try (ExecutorRuntime both = new ExecutorRuntime(0, hosted, unused, () -> clock.addAndGet(10))) {
      List<Action> actions = new ArrayList<>();
      actions.addAll(FIRST.subList(0, 4));
      actions.addAll(LAST);
      actions.addAll(FIRST.subList(4, 8));
      StepContext step = new StepContext(5, 0, 0, 2, Mode.TRAINING, false);
      both.begin(step, actions, slices(2), List.of());
      both.perform(actions.subList(0, 7));
      both.perform(actions.subList(7, actions.size()));
      List<StageStep> reports = both.end();

      assertThat(a.gradient.getDouble(0)).isEqualTo(3 * 4 * 5);
      assertThat(b.gradient.getDouble(0)).isEqualTo(9 * 2 * 5);
      assertThat(reports).extracting(StageStep::stage).containsExactly(0, 1);
      assertThat(reports).extracting(StageStep::executor).containsExactly(0, 0);
      assertThat(reports.get(0).elapsedNanos()).isEqualTo(reports.get(1).elapsedNanos());
      assertThat(open).hasValue(0);

      both.begin(new StepContext(5, 1, 0, 2, Mode.TRAINING, false), actions, slices(2), List.of());
      both.perform(FIRST.subList(0, 4));
      assertThat(open).hasPositiveValue();
      both.begin(new StepContext(5, 2, 0, 2, Mode.TRAINING, false), actions, slices(2), List.of());
      assertThat(open).as("what an abandoned attempt held").hasValue(0);
      both.perform(actions);
      both.end();
      assertThat(a.gradient.getDouble(0)).isEqualTo(3 * 4 * 5);
    }
  }

  @Test
  void generationTakesWhatTheStepBringsAndReadsNothing() {
    MicroBatchSource untouchable =
        new MicroBatchSource() {
          @Override
          public Tensors read(Slice slice, Set<String> columns) {
            throw new AssertionError(columns);
          }

          @Override
          public void prefetch(List<Slice> slices, Set<String> columns) {
            throw new AssertionError(columns);
          }
        };
    Scale labelled =
        new Scale(false, true, 2) {
          @Override
          public Set<String> dataColumns() {
            return Set.of(Columns.LABELS);
          }
        };
    StepContext step = new StepContext(0, 0, 0, 1, Mode.GENERATION, false);
    InProcessExchange[] wire = InProcessExchange.between(2);
    try (ExecutorRuntime first =
            new ExecutorRuntime(
                0,
                List.of(new HostedStage(0, new Scale(true, false, 3), untouchable)),
                wire[0],
                () -> clock.addAndGet(10));
        ExecutorRuntime last =
            new ExecutorRuntime(
                1,
                List.of(new HostedStage(1, labelled, untouchable)),
                wire[1],
                () -> clock.addAndGet(10))) {
      Tensors given = Tensors.of(Columns.FEATURES, Nd4j.createFromArray(5.0));
      first.begin(step, FIRST.subList(0, 2), slices(1), List.of(given));
      first.perform(FIRST.subList(0, 2));
      last.begin(step, LAST.subList(0, 2), slices(1), List.of());
      last.perform(LAST.subList(0, 2));
      assertThat(labelled.kept.get(0)).containsExactly(15, 30);
    }
  }

  /** A stage for which memory is short in one of its phases. */
  private record Greedy(String phase, StageModule module) implements StageModule {

    private void enter(String now) {
      if (now.equals(phase)) {
        throw new OutOfMemoryError("no room to " + now);
      }
    }

    @Override
    public Set<String> dataColumns() {
      return module.dataColumns();
    }

    @Override
    public ParameterLayout parameterLayout() {
      return module.parameterLayout();
    }

    @Override
    public INDArray parameters() {
      return module.parameters();
    }

    @Override
    public void setParameters(INDArray flat) {
      module.setParameters(flat);
    }

    @Override
    public void beginStep(StepContext context) {
      enter("begin");
      module.beginStep(context);
    }

    @Override
    public Forward forward(int microBatch, Tensors inputs) {
      enter("forward");
      return module.forward(microBatch, inputs);
    }

    @Override
    public Tensors backward(int microBatch, Tensors outputGradients) {
      enter("backward");
      return module.backward(microBatch, outputGradients);
    }

    @Override
    public StageGradients gradients() {
      enter("gather");
      return module.gradients();
    }

    @Override
    public void close() {
      module.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"begin", "forward", "read", "send", "receive", "backward", "gather"})
  void memoryThatIsShortIsTypedInEveryPhase(String phase) {
    Greedy module = new Greedy(phase, new Scale(true, false, 3));
    Exchange narrow =
        new Exchange() {
          @Override
          public void send(Hop hop, Tensors tensors) {
            module.enter("send");
            tensors.close();
          }

          @Override
          public Tensors receive(Hop hop) {
            module.enter("receive");
            return Tensors.of("dy", Nd4j.createFromArray(1.0));
          }

          @Override
          public Traffic drainTraffic(int stage) {
            return Traffic.none();
          }

          @Override
          public void close() {}
        };
    MicroBatchSource source =
        (slice, columns) -> {
          module.enter("read");
          return numbers().read(slice, columns);
        };
    StepContext step = new StepContext(7, 0, 0, 2, Mode.TRAINING, false);
    try (ExecutorRuntime runtime =
        new ExecutorRuntime(
            0, List.of(new HostedStage(0, module, source)), narrow, () -> clock.addAndGet(10))) {
      assertThatThrownBy(() -> runtime.run(step, FIRST, slices(2)))
          .isInstanceOfSatisfying(
              StagecoachException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(ErrorKind.RESOURCE);
                assertThat(e.where().stage()).isZero();
                assertThat(e.where().step()).isEqualTo(7);
              })
          .hasMessageContaining("no room to " + phase);
      assertThat(open).hasValue(0);
    }
  }
}
