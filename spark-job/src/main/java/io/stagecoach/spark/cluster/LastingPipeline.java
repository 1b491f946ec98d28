package io.stagecoach.spark.cluster;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.StagePart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pipeline that outlives its executors. When one is lost, hangs, or says what it must not, the
 * step is abandoned, the stages are placed again on what is there, with the weights that the driver
 * has, and the step is told again: nothing of the failed try is left, so what comes of it is the
 * same to the last bit.
 */
public final class LastingPipeline implements Pipeline {

  private static final Logger LOG = LoggerFactory.getLogger(LastingPipeline.class);

  /** Places the stages on executors, and starts them. */
  interface Launcher {

    /** A pipeline on so many executors, who have their seats where they are still there. */
    Pipeline launch(int executors, Seats seats);
  }

  private Launcher launcher;
  private final ExecutorRecovery recovery;
  private final IntFunction<INDArray> weights;
  private final SliceHolder slices;
  private final Consumer<Setback> listener;
  private final LongSupplier nanoClock;
  private final CarriedStates carried = new CarriedStates();

  /** Those that took the place of others of their names. */
  private final Map<String, ScheduleAuthor> authors = new LinkedHashMap<>();

  private Pipeline current;
  private Order told;
  private StagecoachException untold;
  private int placements = 1;

  /** Whether the stages have no weights yet, though others before them had. */
  private boolean bare;

  LastingPipeline(
      Launcher launcher,
      ExecutorRecovery recovery,
      int executors,
      Seats seats,
      IntFunction<INDArray> weights,
      SliceHolder slices,
      Consumer<Setback> listener,
      LongSupplier nanoClock) {
    this.launcher = launcher;
    this.recovery = recovery;
    this.weights = weights;
    this.slices = slices;
    this.listener = listener;
    this.nanoClock = nanoClock;
    slices.mendedBy(this::mend);
    this.current = recovery.begin(() -> launch(executors, seats));
  }

  /**
   * Launches a pipeline that is placed again when executors are lost.
   *
   * @param limits how often, and on how few executors
   * @param weights all weights of a stage, as they are now
   * @param listener is told of each step that was told again
   */
  public static LastingPipeline launch(
      PipelineSpec spec,
      Recovery limits,
      IntFunction<INDArray> weights,
      Consumer<Setback> listener) {
    return launch(spec, limits, weights, SliceHolder.none(), List.of(), listener);
  }

  /**
   * As {@link #launch(PipelineSpec, Recovery, IntFunction, Consumer)}, where stages may keep their
   * weights themselves.
   *
   * @param slices knows what such stages go on from
   * @param seats Spark's ids of the executors that are to have the places, by place, as far as they
   *     are there; empty where nobody minds
   */
  public static LastingPipeline launch(
      PipelineSpec spec,
      Recovery limits,
      IntFunction<INDArray> weights,
      SliceHolder slices,
      List<String> seats,
      Consumer<Setback> listener) {
    return new LastingPipeline(
        launcher(spec),
        ExecutorRecovery.of(spec, limits),
        spec.executors(),
        new Seats(seats),
        weights,
        slices,
        listener,
        System::nanoTime);
  }

  private Pipeline launch(int executors, Seats seats) {
    Pipeline placed = launcher.launch(executors, seats);
    try {
      slices.placed(placed);
      return placed;
    } catch (RuntimeException e) {
      placed.abandon();
      throw e;
    }
  }

  private static Launcher launcher(PipelineSpec spec) {
    UUID run = UUID.randomUUID();
    return (executors, seats) -> seats.launch(spec.onExecutors(executors), run);
  }

  /**
   * Ends the stages and places others in their stead, between two steps; the first that these are
   * told brings them their weights.
   *
   * @param spec the other stages, for as many executors as the first ones had
   * @param order for each place in the pipeline, the place now of the executor that is to have it
   */
  public void recut(PipelineSpec spec, List<Integer> order) {
    recovery.seat(spec.pins());
    recut(launcher(spec), order);
  }

  void recut(Launcher other, List<Integer> order) {
    int executors = executors();
    Seats seats = Seats.of(stages()).inOrder(order);
    current.close();
    carried.close();
    launcher = other;
    placeAnew(executors, seats);
  }

  /**
   * Places the stages, where others were that have ended.
   *
   * @return on how many executors: fewer where some were lost meanwhile
   */
  private int placeAnew(int executors, Seats seats) {
    try {
      takeOver(launch(executors, seats));
      bare = true;
      return executors;
    } catch (StagecoachException e) {
      return replace(e, seats, () -> bare = true);
    }
  }

  private void takeOver(Pipeline placed) {
    current = placed;
    authors.values().forEach(current::use);
    placements++;
  }

  /** What is on an executor that its cluster takes back is placed elsewhere before it goes. */
  private void moveFromLeaving() {
    List<String> leaving = recovery.leaving(current.stages());
    if (leaving.isEmpty()) {
      return;
    }
    LOG.warn("Executor {} is decommissioned: the stages are moved", String.join(", ", leaving));
    long start = nanoClock.getAsLong();
    Seats seats = Seats.of(stages());
    slices.leaving();
    current.close();
    sayPlaced(placeAnew(recovery.replaceLeaving(leaving), seats), start);
  }

  private void sayPlaced(int on, long start) {
    LOG.warn(
        "The stages are placed on {} executors, {} s later",
        on,
        seconds(nanoClock.getAsLong() - start));
  }

  /** Stages that share an executor are spread out when there are more executors again. */
  private void spread() {
    if (recovery.spread(executors()) == executors()) {
      return;
    }
    slices.leaving();
    // Where that failed, they were placed anew, perhaps on all.
    int there = recovery.spread(executors());
    if (there > executors()) {
      long start = nanoClock.getAsLong();
      LOG.warn("There are {} executors again: the stages are spread out", there);
      Seats seats = Seats.of(stages());
      current.close();
      sayPlaced(placeAnew(there, seats), start);
    }
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f", nanos / 1e9);
  }

  /** How many executors host stages now. */
  public int executors() {
    return (int) stages().stream().map(StageAddress::executor).distinct().count();
  }

  /** How often stages were placed. */
  public int placements() {
    return placements;
  }

  @Override
  public List<StageAddress> stages() {
    return current.stages();
  }

  @Override
  public Map<Integer, ProcessMemory> memory() {
    return current.memory();
  }

  @Override
  public StageSlices slices() {
    return current.slices();
  }

  @Override
  public int nextAttempt(long step) {
    return current.nextAttempt(step);
  }

  @Override
  public void use(ScheduleAuthor author) {
    authors.put(author.name(), author);
    current.use(author);
  }

  @Override
  public void tell(Order order) {
    moveFromLeaving();
    spread();
    told = bare ? order.with(this::allWeights, states(order.step().context())) : order;
    tellTold();
  }

  private void tellTold() {
    bare = false;
    untold = null;
    try {
      current.tell(told);
    } catch (StagecoachException e) {
      // Whoever waits for the step will hear of it.
      untold = e;
    }
  }

  @Override
  public List<StagePart> await(GradientArrivals arrivals) {
    while (true) {
      try {
        if (untold != null) {
          throw untold;
        }
        List<StagePart> parts = current.await(arrivals);
        recovery.ended();
        if (told.step().context().mode() == Mode.TRAINING) {
          carried.keep(parts);
        }
        return parts;
      } catch (StagecoachException e) {
        again(e);
      }
    }
  }

  /** Places the stages anew, after a failure between two steps. */
  private void mend(StagecoachException failure) {
    long start = nanoClock.getAsLong();
    int there = replace(failure, Seats.of(stages()), () -> bare = true);
    LOG.warn(
        "The stages are placed on {} executors, {} s after the failure",
        there,
        seconds(nanoClock.getAsLong() - start));
  }

  /**
   * Places the stages anew, until that succeeds.
   *
   * @param seats who had which place
   * @param then what is to be done with them
   * @return how many executors they are on
   */
  private int replace(StagecoachException failure, Seats seats, Runnable then) {
    StagecoachException cause = failure;
    while (true) {
      recovery.spend(cause);
      slices.lost(cause);
      LOG.warn("{}", cause.what());
      List<StageAddress> stages = current.stages();
      current.abandon();
      int there = recovery.replace(cause, stages);
      try {
        takeOver(launch(there, seats));
        then.run();
        return there;
      } catch (StagecoachException e) {
        cause = e;
      }
    }
  }

  /** Places the stages anew and tells them the step once more. */
  private void again(StagecoachException failure) {
    long start = nanoClock.getAsLong();
    int there = replace(failure, Seats.of(stages()), this::tellAgain);
    long step = told.step().context().step();
    long nanos = nanoClock.getAsLong() - start;
    LOG.warn(
        "Step {} is run again, attempt {}, on {} executors: {} s after the failure",
        step,
        told.step().context().attempt(),
        there,
        seconds(nanos));
    listener.accept(new Setback(step, failure, there, nanos / 1e9));
  }

  private void tellAgain() {
    Message.RunStep step = told.step();
    StepContext old = step.context();
    StepContext next = old.again(old.attempt() + 1);
    told =
        new Order(
            new Message.RunStep(next, step.schedule(), step.slices()),
            this::allWeights,
            told.given(),
            states(old));
    tellTold();
  }

  /** What stages that are built anew go on from. */
  private IntFunction<Map<String, INDArray>> states(StepContext context) {
    return context.carriesState() ? carried::of : stage -> Map.of();
  }

  private Optional<INDArray> allWeights(int stage) {
    return Optional.of(weights.apply(stage)).filter(flat -> !flat.isEmpty());
  }

  @Override
  public void abandon() {
    carried.close();
    current.abandon();
  }

  @Override
  public void close() {
    carried.close();
    current.close();
  }
}
