package io.stagecoach.stage;

import io.stagecoach.batch.Blocks;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.SplitBackward;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Action;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One stage in a step: performs its actions one by one and times each. */
final class StageRuntime {

  private final int executor;
  private final HostedStage hosted;
  private final int stage;
  private final StageModule module;
  private final Exchange exchange;
  private final LongSupplier nanoClock;
  private final Set<String> columns;
  private StepContext context;
  private List<Slice> slices = List.of();
  private List<Tensors> given = List.of();
  private InFlight inFlight = new InFlight(0);
  private GradientListener gradients = GradientListener.NONE;
  private Optional<Action> lastBackward = Optional.empty();
  private long heard;
  private List<Span> spans = new ArrayList<>();
  private Blocks blocks = new Blocks(1, 1);
  private Loss[] losses = new Loss[0];
  private long examples;
  private int peakStash;

  StageRuntime(int executor, HostedStage hosted, Exchange exchange, LongSupplier nanoClock) {
    this.executor = executor;
    this.hosted = hosted;
    this.stage = hosted.stage();
    this.module = hosted.module();
    this.exchange = exchange;
    this.nanoClock = nanoClock;
    this.columns = Set.copyOf(module.dataColumns());
  }

  HostedStage hosted() {
    return hosted;
  }

  /**
   * Begins a step that the executor heard of at {@code heardNanos}.
   *
   * @param own what this stage is to do in it
   * @param newSlices the examples of each micro-batch
   * @param newGradients hears of those that are final
   */
  void begin(
      StepContext newContext,
      List<Action> own,
      List<Slice> newSlices,
      List<Tensors> newGiven,
      GradientListener newGradients,
      long heardNanos) {
    context = newContext;
    slices = newSlices;
    given = newGiven;
    gradients = newGradients;
    lastBackward =
        newGradients == GradientListener.NONE
            ? Optional.empty()
            : own.stream()
                .filter(a -> a instanceof Action.Backward || a instanceof Action.BackwardWeights)
                .reduce((earlier, later) -> later);
    List<Slice> read =
        own.stream()
            .filter(Action.Forward.class::isInstance)
            .map(forward -> newSlices.get(forward.microBatch()))
            .toList();
    heard = heardNanos;
    spans = new ArrayList<>(6 * newContext.microBatches());
    blocks = new Blocks(newContext.microBatches(), newContext.blocks());
    losses = new Loss[newContext.blocks()];
    Arrays.fill(losses, Loss.none());
    examples = 0;
    peakStash = 0;
    try {
      if (!columns.isEmpty() && !read.isEmpty() && readsSource()) {
        hosted.source().prefetch(read, columns);
      }
      module.beginStep(context);
    } catch (OutOfMemoryError e) {
      throw MemoryShortage.of("the start of the step", place(), e);
    }
    exchange.drainTraffic(stage);
    inFlight = new InFlight(context.microBatches());
  }

  /** What happened in the step that now ends. */
  StageStep end(long elapsedNanos) {
    double regularization = regularization();
    Loss loss = Loss.none();
    for (Loss ofBlock : losses) {
      loss = loss.plus(ofBlock);
    }
    return new StageStep(
        stage,
        executor,
        context.step(),
        context.attempt(),
        loss,
        examples,
        regularization,
        elapsedNanos,
        spans,
        exchange.drainTraffic(stage),
        peakStash);
  }

  private double regularization() {
    try {
      return context.mode() == Mode.TRAINING ? module.gradients().regularization() : 0;
    } catch (OutOfMemoryError e) {
      throw MemoryShortage.of("the end of the step", place(), e);
    }
  }

  /** What the stage gave for a micro-batch and did not send, for the caller to own. */
  Tensors takeOutputs(int microBatch) {
    return inFlight.takeLeftOutputs(microBatch);
  }

  /** Closes what the step holds. */
  void drop() {
    inFlight.close();
  }

  void perform(Action action) {
    long start = nanoClock.getAsLong();
    try {
      dispatch(action);
    } catch (StagecoachException e) {
      throw e.at(place(action));
    } catch (RuntimeException | OutOfMemoryError e) {
      throw MemoryShortage.typed(action.text(), place(action), e)
          .orElseGet(
              () ->
                  new StagecoachException(
                      ErrorKind.INTERNAL,
                      action.text() + " failed: " + e,
                      place(action),
                      "The executor's log has the stack trace.",
                      e));
    }
    spans.add(new Span(action, start - heard, nanoClock.getAsLong() - heard));
  }

  private void dispatch(Action action) {
    int microBatch = action.microBatch();
    if (lastBackward.isPresent() && action.equals(lastBackward.get())) {
      module.endWith((flat, from, to) -> gradients.finished(stage, context, flat, from, to));
    }
    if (action instanceof Action.Forward) {
      forward(microBatch);
    } else if (action instanceof Action.Backward) {
      try (Tensors gradients = inFlight.takeReceivedGradients(microBatch)) {
        inFlight.holdInputGradients(microBatch, module.backward(microBatch, gradients));
      }
      inFlight.dropStash(microBatch);
    } else if (action instanceof Action.BackwardInput) {
      try (Tensors gradients = inFlight.takeReceivedGradients(microBatch)) {
        inFlight.holdInputGradients(
            microBatch, splitBackward().backwardInput(microBatch, gradients));
      }
    } else if (action instanceof Action.BackwardWeights) {
      splitBackward().backwardWeights(microBatch);
      inFlight.dropStash(microBatch);
    } else {
      carry(action);
    }
  }

  private void forward(int microBatch) {
    Tensors inputs = inFlight.takeReceivedActivations(microBatch);
    if (!columns.isEmpty()) {
      Tensors own = own(microBatch);
      inputs = inputs.isEmpty() ? own : inputs.and(own);
    }
    inFlight.stash(microBatch, inputs);
    Forward result = module.forward(microBatch, inputs);
    if (context.mode() != Mode.TRAINING) {
      inFlight.dropStash(microBatch);
    }
    peakStash = Math.max(peakStash, inFlight.stashed());
    inFlight.holdOutputs(microBatch, result.outputs());
    int block = blocks.of(microBatch);
    losses[block] = losses[block].plus(result.loss());
    examples += slices.get(microBatch).rows();
  }

  private boolean readsSource() {
    return given.isEmpty() && !context.mode().isAnswered();
  }

  private Tensors own(int microBatch) {
    if (readsSource()) {
      return hosted.source().read(slices.get(microBatch), columns);
    }
    if (given.isEmpty()) {
      return Tensors.none();
    }
    Map<String, INDArray> mine = new LinkedHashMap<>(given.get(microBatch).asMap());
    mine.keySet().retainAll(columns);
    return Tensors.viewsOf(mine, () -> {});
  }

  private SplitBackward splitBackward() {
    return module
        .splitBackward()
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.PLAN,
                    "The engine of this stage cannot split its backward pass",
                    "Choose a schedule without W actions, such as 1f1b."));
  }

  private void carry(Action action) {
    int microBatch = action.microBatch();
    if (action instanceof Action.SendActivations) {
      exchange.send(
          hop(Hop.Kind.ACTIVATIONS, microBatch, stage, stage + 1),
          inFlight.takeOutputs(microBatch));
    } else if (action instanceof Action.ReceiveActivations) {
      inFlight.holdReceivedActivations(
          microBatch, exchange.receive(hop(Hop.Kind.ACTIVATIONS, microBatch, stage - 1, stage)));
    } else if (action instanceof Action.SendGradients) {
      exchange.send(
          hop(Hop.Kind.GRADIENTS, microBatch, stage, stage - 1),
          inFlight.takeInputGradients(microBatch));
    } else if (action instanceof Action.ReceiveGradients) {
      inFlight.holdReceivedGradients(
          microBatch, exchange.receive(hop(Hop.Kind.GRADIENTS, microBatch, stage + 1, stage)));
    } else {
      throw new IllegalStateException("no rule for " + action.text());
    }
  }

  private Hop hop(Hop.Kind kind, int microBatch, int from, int to) {
    return new Hop(context.step(), context.attempt(), kind, microBatch, from, to);
  }

  private Where place(Action action) {
    return place().atMicroBatch(action.microBatch());
  }

  private Where place() {
    return Where.stage(stage).atStep(context.step());
  }
}
