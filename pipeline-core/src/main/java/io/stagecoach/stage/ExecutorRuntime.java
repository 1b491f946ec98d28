package io.stagecoach.stage;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.Action;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The stages of one executor at work: walks a list of actions over them and an exchange, knows no
 * schedule by name, and leaves a timed span for each action. Hops between its own stages never
 * reach the exchange. One thread at a time calls it.
 *
 * <p>A step is {@link #begin}, its actions in as many runs of {@link #perform} as the exchange
 * needs, {@link #end()}, before which single stages may {@linkplain #end(int) end}. A step that
 * fails is abandoned: what it held is closed.
 */
public final class ExecutorRuntime implements AutoCloseable {

  private final Map<Integer, StageRuntime> stages = new TreeMap<>();

  /** Those that are done with the step that is under way. */
  private final Set<Integer> ended = new HashSet<>();

  private final Exchange exchange;
  private final LongSupplier nanoClock;
  private long step;
  private long heard;
  private boolean open;
  private volatile Optional<Doing> doing = Optional.empty();

  /**
   * What an executor is at.
   *
   * @param action the action
   * @param step the step that it belongs to
   * @param sinceNanos when it began, by the runtime's clock
   */
  public record Doing(Action action, long step, long sinceNanos) {}

  /**
   * @param executor the executor's index among those of the pipeline
   * @param hosted its stages; closed with this
   * @param exchange carries hops to and from other executors; closed with this
   * @param nanoClock a monotonic clock in nanoseconds
   */
  public ExecutorRuntime(
      int executor, List<HostedStage> hosted, Exchange exchange, LongSupplier nanoClock) {
    this.exchange =
        hosted.size() == 1
            ? exchange
            : new LocalHops(hosted.stream().map(HostedStage::stage).toList(), exchange);
    this.nanoClock = nanoClock;
    for (HostedStage stage : hosted) {
      stages.put(stage.stage(), new StageRuntime(executor, stage, this.exchange, nanoClock));
    }
  }

  /** The stages here, in order. */
  public List<HostedStage> stages() {
    return stages.values().stream().map(StageRuntime::hosted).toList();
  }

  /** A stage that is here. */
  public HostedStage stage(int stage) {
    return runtime(stage).hosted();
  }

  /** Runs a step to its end, as {@link #begin}, {@link #perform} and {@link #end} do. */
  public List<StageStep> run(StepContext context, List<Action> actions, List<Slice> slices) {
    begin(context, actions, slices, List.of());
    perform(actions);
    return end();
  }

  /**
   * Begins a step; one that was not ended is abandoned.
   *
   * @param context the step
   * @param actions what is to be performed in it: of these micro-batches examples are read ahead
   * @param slices the examples of each micro-batch
   * @param given the columns of each micro-batch, lent until the step's end, where they do not come
   *     from the stages' own sources; empty where they do
   */
  public void begin(
      StepContext context, List<Action> actions, List<Slice> slices, List<Tensors> given) {
    begin(context, actions, slices, given, GradientListener.NONE);
  }

  /**
   * As {@link #begin(StepContext, List, List, List)}.
   *
   * @param gradients hears of gradients before a stage has ended the step, where its module can say
   *     which are final
   */
  public void begin(
      StepContext context,
      List<Action> actions,
      List<Slice> slices,
      List<Tensors> given,
      GradientListener gradients) {
    begin(context, actions, slices, given, gradients, nanoClock.getAsLong());
  }

  /**
   * As {@link #begin(StepContext, List, List, List, GradientListener)}, for a step that could not
   * begin when it was heard of.
   *
   * @param heardNanos when it was, by the executor's clock: the step's time begins then
   */
  public void begin(
      StepContext context,
      List<Action> actions,
      List<Slice> slices,
      List<Tensors> given,
      GradientListener gradients,
      long heardNanos) {
    abandon();
    heard = heardNanos;
    step = context.step();
    open = true;
    ended.clear();
    try {
      for (StageRuntime stage : stages.values()) {
        List<Action> own =
            actions.stream().filter(a -> a.stage() == stage.hosted().stage()).toList();
        stage.begin(context, own, slices, given, gradients, heard);
      }
    } catch (RuntimeException | Error e) {
      abandon();
      throw e;
    }
  }

  /**
   * Performs some of the step's actions, in order.
   *
   * @throws StagecoachException where one fails; the step is then abandoned
   */
  public void perform(List<Action> actions) {
    if (!open) {
      throw new IllegalStateException("no step has begun");
    }
    try {
      for (Action action : actions) {
        doing = Optional.of(new Doing(action, step, nanoClock.getAsLong()));
        runtime(action.stage()).perform(action);
      }
      doing = Optional.empty();
    } catch (RuntimeException | Error e) {
      abandon();
      throw e;
    }
  }

  /**
   * Ends the step for one of the stages, which has no more to do in it.
   *
   * @return what happened; gradients stay with the stage's module until the next step
   */
  public StageStep end(int stage) {
    if (!open || !ended.add(stage)) {
      throw new IllegalStateException("no step has begun, or stage " + stage + " is at its end");
    }
    StageRuntime runtime = runtime(stage);
    StageStep report = runtime.end(nanoClock.getAsLong() - heard);
    runtime.drop();
    return report;
  }

  /**
   * Ends the step.
   *
   * @return what happened, for each stage in order that has not ended before; gradients stay with
   *     the stages' modules until the next step
   */
  public List<StageStep> end() {
    if (!open) {
      throw new IllegalStateException("no step has begun");
    }
    long elapsed = nanoClock.getAsLong() - heard;
    List<StageStep> reports = new ArrayList<>(stages.size());
    stages.forEach(
        (stage, runtime) -> {
          if (!ended.contains(stage)) {
            reports.add(runtime.end(elapsed));
          }
        });
    abandon();
    return reports;
  }

  /**
   * What a stage gave for a micro-batch of the step that is not yet ended and sent to no other, for
   * the caller to own; none where it sent all.
   */
  public Tensors takeOutputs(int stage, int microBatch) {
    return runtime(stage).takeOutputs(microBatch);
  }

  /** The action that is under way, if one is; any thread may ask. */
  public Optional<Doing> doing() {
    return doing;
  }

  /** Closes what an unfinished step holds; nothing where none is under way. */
  public void abandon() {
    open = false;
    doing = Optional.empty();
    stages.values().forEach(StageRuntime::drop);
  }

  private StageRuntime runtime(int stage) {
    StageRuntime runtime = stages.get(stage);
    if (runtime == null) {
      throw new IllegalArgumentException(
          "stage " + stage + " is not here; here are " + stages.keySet());
    }
    return runtime;
  }

  @Override
  public void close() {
    abandon();
    close(List.copyOf(stages.values()));
  }

  /** Each even if another fails, the exchange last. */
  private void close(List<StageRuntime> left) {
    if (left.isEmpty()) {
      exchange.close();
      return;
    }
    try {
      left.get(0).hosted().close();
    } finally {
      close(left.subList(1, left.size()));
    }
  }
}
