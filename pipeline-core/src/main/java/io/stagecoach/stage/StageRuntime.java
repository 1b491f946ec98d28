package io.stagecoach.stage;

import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Action;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * One stage at work: walks a list of actions over a stage module and an exchange, knows no schedule
 * by name, and leaves a timed span for each action. One thread calls it.
 */
public final class StageRuntime implements AutoCloseable {

  private final int stage;
  private final StageModule module;
  private final Exchange exchange;
  private final MicroBatchSource source;
  private final LongSupplier nanoClock;
  private final Set<String> columns;

  /**
   * @param stage this stage's index
   * @param module its compute; closed with this
   * @param exchange its hops; closed with this
   * @param source where it reads its columns; closed with this
   * @param nanoClock a monotonic clock in nanoseconds
   */
  public StageRuntime(
      int stage,
      StageModule module,
      Exchange exchange,
      MicroBatchSource source,
      LongSupplier nanoClock) {
    this.stage = stage;
    this.module = module;
    this.exchange = exchange;
    this.source = source;
    this.nanoClock = nanoClock;
    this.columns = Set.copyOf(module.dataColumns());
  }

  /** The module, for its weights and layout. */
  public StageModule module() {
    return module;
  }

  /**
   * Runs a step to its end.
   *
   * @param context the step
   * @param actions this stage's actions, sends and receives included
   * @param slices the examples of each micro-batch
   * @return what happened; the gradients are in {@link #gradients()} until the next step
   */
  public StageStep run(StepContext context, List<Action> actions, List<Slice> slices) {
    long heard = nanoClock.getAsLong();
    if (!columns.isEmpty()) {
      source.prefetch(slices, columns);
    }
    module.beginStep(context);
    exchange.drainTraffic();
    List<Span> spans = new ArrayList<>(actions.size());
    Loss loss = Loss.none();
    long examples = 0;
    int peakStash = 0;
    try (InFlight inFlight = new InFlight(context.microBatches())) {
      for (Action action : actions) {
        long start = nanoClock.getAsLong();
        try {
          if (action instanceof Action.Forward) {
            Forward result = forward(action.microBatch(), slices, inFlight, context.mode());
            loss = loss.plus(result.loss());
            examples += slices.get(action.microBatch()).rows();
            peakStash = Math.max(peakStash, inFlight.stashed());
          } else {
            carryOrBackward(action, context, inFlight);
          }
        } catch (StagecoachException e) {
          throw e.at(place(context, action));
        } catch (OutOfMemoryError e) {
          throw new StagecoachException(
              ErrorKind.RESOURCE,
              "Out of memory in " + action.text() + ": " + e.getMessage(),
              place(context, action),
              "Use more micro-batches, recompute=stage or more stages, or give executors more memory.",
              e);
        } catch (RuntimeException e) {
          throw new StagecoachException(
              ErrorKind.INTERNAL,
              action.text() + " failed: " + e,
              place(context, action),
              "The executor's log has the stack trace.",
              e);
        }
        spans.add(new Span(action, start - heard, nanoClock.getAsLong() - heard));
      }
    }
    double regularization =
        context.mode() == Mode.TRAINING ? module.gradients().regularization() : 0;
    return new StageStep(
        stage,
        context.step(),
        context.attempt(),
        loss,
        examples,
        regularization,
        nanoClock.getAsLong() - heard,
        spans,
        exchange.drainTraffic(),
        peakStash);
  }

  /** What the last training step accumulated. */
  public StageGradients gradients() {
    return module.gradients();
  }

  private Forward forward(int microBatch, List<Slice> slices, InFlight inFlight, Mode mode) {
    Tensors inputs = inFlight.takeReceivedActivations(microBatch);
    if (!columns.isEmpty()) {
      Tensors own = source.read(slices.get(microBatch), columns);
      inputs = inputs.isEmpty() ? own : inputs.and(own);
    }
    inFlight.stash(microBatch, inputs);
    Forward result = module.forward(microBatch, inputs);
    if (mode == Mode.INFERENCE) {
      inFlight.dropStash(microBatch);
    }
    inFlight.holdOutputs(microBatch, result.outputs());
    return result;
  }

  private void carryOrBackward(Action action, StepContext context, InFlight inFlight) {
    int microBatch = action.microBatch();
    if (action instanceof Action.Backward) {
      try (Tensors gradients = inFlight.takeReceivedGradients(microBatch)) {
        inFlight.holdInputGradients(microBatch, module.backward(microBatch, gradients));
      }
      inFlight.dropStash(microBatch);
    } else if (action instanceof Action.SendActivations) {
      exchange.send(
          hop(context, Hop.Kind.ACTIVATIONS, microBatch, stage, stage + 1),
          inFlight.takeOutputs(microBatch));
    } else if (action instanceof Action.ReceiveActivations) {
      inFlight.holdReceivedActivations(
          microBatch,
          exchange.receive(hop(context, Hop.Kind.ACTIVATIONS, microBatch, stage - 1, stage)));
    } else if (action instanceof Action.SendGradients) {
      exchange.send(
          hop(context, Hop.Kind.GRADIENTS, microBatch, stage, stage - 1),
          inFlight.takeInputGradients(microBatch));
    } else if (action instanceof Action.ReceiveGradients) {
      inFlight.holdReceivedGradients(
          microBatch,
          exchange.receive(hop(context, Hop.Kind.GRADIENTS, microBatch, stage + 1, stage)));
    } else {
      throw new IllegalStateException("no rule for " + action.text());
    }
  }

  private static Hop hop(StepContext context, Hop.Kind kind, int microBatch, int from, int to) {
    return new Hop(context.step(), context.attempt(), kind, microBatch, from, to);
  }

  private Where place(StepContext context, Action action) {
    return Where.stage(stage).atStep(context.step()).atMicroBatch(action.microBatch());
  }

  @Override
  public void close() {
    try (exchange;
        source;
        module) {
      // Closed in reverse order, each even if another fails.
    }
  }
}
