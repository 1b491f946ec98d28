package io.stagecoach.spark.cluster;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.TiedUse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The weights of stages that live on executors without a task: what the driver says of them goes
 * out with Spark's jobs. A decision goes with the next one, whatever it is.
 */
final class ShuffledSlices implements StageSlices {

  private static final Logger LOG = LoggerFactory.getLogger(ShuffledSlices.class);

  /** Runs Spark jobs where the stages are. */
  interface Jobs {

    /** Where the executors of the pipeline are. */
    List<Home> homes();

    /** Where else something may have been left. */
    List<Home> elsewhere();

    /**
     * Runs a job of one task on each of some executors.
     *
     * @param data what each task is given; null for nothing
     * @param what a person reads in Spark's UI
     */
    List<Object> run(List<Home> on, PinnedRdd.Work work, List<KeepTask.Kept> data, String what);
  }

  private final PipelineSpec spec;
  private final Mirroring mirroring;
  private final UUID pipeline;
  private final ArrowBytes bytes;
  private final Jobs jobs;
  private Optional<Keeping> keeping = Optional.empty();
  private Optional<StepDecision> last = Optional.empty();

  /** Whether weights have changed, and those who compute with them elsewhere do not have them. */
  private boolean changed;

  /**
   * @param pipeline by what executors know the pipeline's stages
   * @param bytes encodes and decodes what is sent
   */
  ShuffledSlices(PipelineSpec spec, UUID pipeline, ArrowBytes bytes, Jobs jobs) {
    this.spec = spec;
    this.mirroring = new Mirroring(spec);
    this.pipeline = pipeline;
    this.bytes = bytes;
    this.jobs = jobs;
  }

  /** What is kept where, until the stages have been told it. */
  private static final class Keeping {

    final SliceTraffic traffic;
    final List<Message.KeepSlices> orders;

    /** By executor. */
    final List<List<KeepTask.Given>> given = new ArrayList<>();

    final List<Broadcast<byte[]>> broadcasts = new ArrayList<>();
    boolean told;

    Keeping(SliceTraffic traffic, List<Message.KeepSlices> orders) {
      this.traffic = traffic;
      this.orders = orders;
      orders.forEach(order -> given.add(new ArrayList<>()));
    }
  }

  /** Whether the stages keep their weights. */
  boolean areKept() {
    return keeping.isPresent();
  }

  /** Who waits for whom in a step that is about to be run. */
  SliceTraffic traffic(StepContext step) {
    SliceTraffic all = keeping.map(now -> now.traffic).orElse(SliceTraffic.none(spec.executors()));
    SliceTraffic now = changed ? all : all.withoutWeights();
    return step.mode() == Mode.TRAINING ? now : now.withoutGradients();
  }

  /** What goes to all executors with the next job. */
  List<StepDecision> decision() {
    return last.stream().toList();
  }

  /** A step has ended: whoever computes with weights has those of now. */
  void stepEnded() {
    changed = false;
  }

  @Override
  public void keep(UUID run, List<TiedUse> ties) {
    Keeping now =
        new Keeping(
            SliceTraffic.of(mirroring.owners(), ties, spec.executors(), spec::executorOf),
            mirroring.orders(run, ties));
    keeping = Optional.of(now);
    changed = true;
  }

  /** Sent with the first job from here on. */
  @Override
  public void give(int stage, long updates, SliceState state) {
    Keeping now = keeping.orElseThrow();
    KeepTask.Given given =
        new KeepTask.Given(
            stage, updates, SentBytes.of(spark(), bytes.encode(state.pack()), now.broadcasts));
    int executor = spec.executorOf(stage);
    now.given.get(executor).add(given);
    if (mirroring.isThere()) {
      now.given.get(mirroring.mirrorOf(executor)).add(given);
    }
  }

  private SparkContext spark() {
    return spec.spark().sc();
  }

  /** Has the stages keep what they were given, where they do not yet. */
  void tell() {
    if (keeping.isEmpty() || keeping.get().told) {
      return;
    }
    Keeping now = keeping.get();
    List<KeepTask.Kept> data = new ArrayList<>();
    for (int executor = 0; executor < spec.executors(); executor++) {
      data.add(
          new KeepTask.Kept(
              new ArrayList<>(spec.stagesOf(executor)),
              new String(MessageJson.write(now.orders.get(executor)), StandardCharsets.UTF_8),
              now.given.get(executor)));
    }
    jobs.run(
        jobs.homes(),
        new KeepTask(pipeline, spec.engine()),
        data,
        "Stagecoach: the stages take their weights");
    now.told = true;
    forget(now);
  }

  private static void forget(Keeping now) {
    now.given.forEach(List::clear);
    now.broadcasts.forEach(Broadcast::destroy);
    now.broadcasts.clear();
  }

  /** Sent with the next job. */
  @Override
  public void follow(StepDecision decision) {
    last = Optional.of(decision);
    changed |= !decision.skipped();
  }

  /** Executor by executor: Spark limits what the tasks of a job may return together. */
  @Override
  public Map<Integer, SliceState> gather(List<Integer> wanted, long updates) {
    tell();
    Map<Integer, SliceState> came = new TreeMap<>();
    try {
      Set<Integer> executors = new TreeSet<>();
      wanted.forEach(stage -> executors.add(spec.executorOf(stage)));
      for (int executor : executors) {
        int first = spec.stagesOf(executor).get(0).stage();
        take(
            jobs.run(
                List.of(jobs.homes().get(executor)),
                new SendTask(pipeline, executor, first, decision()),
                null,
                "Stagecoach: the weights of executor " + executor),
            updates,
            came);
      }
      return came;
    } catch (RuntimeException e) {
      came.values().forEach(SliceState::close);
      throw e;
    }
  }

  /** Those of another number of updates are closed. */
  private void take(List<Object> results, long updates, Map<Integer, SliceState> came) {
    for (Object result : results) {
      byte[][] sent = (byte[][]) result;
      for (int i = 0; i < sent.length; i += 2) {
        Message.SliceSent slice = (Message.SliceSent) MessageJson.read(sent[i]);
        SliceState state = SliceState.unpack(bytes.decode(sent[i + 1]));
        if (slice.updates() != updates || came.putIfAbsent(slice.stage(), state) != null) {
          state.close();
        }
      }
    }
  }

  @Override
  public Map<Integer, SliceState> recover(
      UUID run, List<Integer> wanted, long updates, Optional<StepDecision> decision) {
    Map<Integer, SliceState> came = new TreeMap<>();
    try {
      Consumer<Home> ask =
          home -> {
            List<Integer> missing = new ArrayList<>(wanted);
            missing.removeAll(came.keySet());
            RecoverTask task =
                new RecoverTask(
                    run,
                    missing,
                    updates,
                    decision.stream().toList(),
                    spec.network().messageLimit());
            String what = "Stagecoach: what stages have left on " + home.words();
            take(jobs.run(List.of(home), task, null, what), updates, came);
          };
      for (Home home : jobs.homes()) {
        if (!came.keySet().containsAll(wanted)) {
          ask.accept(home);
        }
      }
      for (Home home : jobs.elsewhere()) {
        if (!came.keySet().containsAll(wanted)) {
          askElsewhere(home, ask);
        }
      }
      return came;
    } catch (RuntimeException e) {
      came.values().forEach(SliceState::close);
      throw e;
    }
  }

  /** Where stages were that have moved, and nobody could end them there: it may be too busy yet. */
  private void askElsewhere(Home home, Consumer<Home> ask) {
    try {
      jobs.run(
          List.of(home),
          new BuildTask.End(pipeline, BuildTask.KeptWeights.LEFT),
          null,
          "Stagecoach: ending the stages on " + home.words());
      ask.accept(home);
    } catch (StagecoachException e) {
      LOG.warn("What stages have left on {} cannot be had: {}", home.words(), e.what());
    }
  }

  /** Lets go of what was not told yet. */
  void close() {
    if (!spark().isStopped()) {
      keeping.ifPresent(ShuffledSlices::forget);
    }
  }
}
