package io.stagecoach.benchmarks;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Replicated;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.StageSlices;
import io.stagecoach.spark.cluster.StoreAccess;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.sync.Judgement;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepDecider;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import io.stagecoach.sync.Synchronizer.Counts;
import io.stagecoach.sync.TiedUse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.api.java.JavaSparkContext;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Replicas of a pipeline whose passes take known times, with either synchronizer. */
final class PacedPipeline implements AutoCloseable {

  private final Workload workload;
  private final ScheduleAuthor author;
  private final int microBatches;
  private final Pipeline pipeline;
  private final End end;

  /** The end of a step. */
  private interface End extends AutoCloseable {

    long updates();

    Optional<INDArray> weights(int stage);

    GradientArrivals arrivals();

    void commit(long step, List<StagePart> parts);

    /** Does what commit has left for later. */
    void finish();

    @Override
    void close();
  }

  /**
   * @param firstLayers the first layer of each stage
   * @param microBatches of one replica
   * @param onExecutors whether stages update their own weights
   */
  PacedPipeline(
      JavaSparkContext spark,
      Workload workload,
      String pacedModel,
      Path store,
      List<Integer> firstLayers,
      int replicas,
      int microBatches,
      ScheduleAuthor ofOne,
      boolean onExecutors) {
    this.workload = workload;
    this.author = new Replicated(ofOne, replicas);
    this.microBatches = replicas * microBatches;
    Dl4jModelUpdater model = Dl4jModelUpdater.create(workload.model());
    int stages = firstLayers.size();
    List<Integer> bounds = new ArrayList<>(firstLayers);
    bounds.add(model.model().nodes().size());
    List<Integer> slots = ofOne.schedule(new PipelineShape(stages, microBatches)).peakStash();
    List<StageSpec> specs = new ArrayList<>();
    List<ParameterLayout> layouts = new ArrayList<>();
    for (int place = 0; place < replicas * stages; place++) {
      int stage = place % stages;
      specs.add(
          new StageSpec(
              pacedModel,
              place,
              stages,
              bounds.get(stage),
              bounds.get(stage + 1),
              slots.get(stage),
              Recompute.NONE,
              Workload.SEED));
      if (place < stages) {
        layouts.add(model.stageLayout(bounds.get(stage), bounds.get(stage + 1)));
      }
    }
    this.pipeline = Pipeline.launch(spec(spark, specs, replicas, author, store));
    this.end =
        onExecutors
            ? new ByExecutors(model, layouts, replicas, pipeline.slices())
            : new ByDriver(model, layouts, replicas);
  }

  /** What such a pipeline is launched from. */
  static PipelineSpec spec(
      JavaSparkContext spark,
      List<StageSpec> specs,
      int replicas,
      ScheduleAuthor author,
      Path store) {
    return new PipelineSpec(
        spark,
        ExchangeKind.STREAMING,
        PacedEngine.NAME,
        specs,
        replicas,
        1,
        List.of(author),
        StoreAccess.of(store.toUri().toString(), Workload.READING),
        TrialConditions.NETWORK,
        TrialConditions.DEADLINES);
  }

  /** One step; what executors do after the decision may still be going on when it returns. */
  void step() {
    step(DriverWork.LAYERS);
  }

  /** The same, with the driver's part at another time. */
  void step(DriverWork when) {
    long step = end.updates();
    StepContext context =
        new StepContext(
            step,
            pipeline.nextAttempt(step),
            when == DriverWork.LAYERS ? PacedModule.IN_PIECES : 0,
            microBatches,
            Mode.TRAINING,
            false);
    pipeline.tell(
        Order.of(
            new Message.RunStep(context, author.name(), workload.slices(microBatches)),
            end::weights));
    List<StagePart> parts =
        pipeline.await(when == DriverWork.BETWEEN ? GradientArrivals.NONE : end.arrivals());
    try {
      end.commit(step, parts);
      if (when == DriverWork.BETWEEN) {
        end.finish();
      }
    } finally {
      parts.forEach(StagePart::close);
    }
  }

  private static SyncSettings settings() {
    return new SyncSettings(GradientWeight.EXAMPLES, 0, 0);
  }

  /** {@code synchronizer=driver}. */
  private static final class ByDriver implements End {

    private final Synchronizer synchronizer;
    private final int parts;

    ByDriver(Dl4jModelUpdater model, List<ParameterLayout> layouts, int replicas) {
      this.parts = replicas * layouts.size();
      this.synchronizer = new Synchronizer(model, layouts, 0, settings());
    }

    @Override
    public long updates() {
      return synchronizer.updates();
    }

    @Override
    public Optional<INDArray> weights(int stage) {
      return Optional.of(synchronizer.weights(stage));
    }

    @Override
    public GradientArrivals arrivals() {
      return synchronizer.arrivals(parts);
    }

    @Override
    public void commit(long step, List<StagePart> all) {
      synchronizer.commit(step, 0, all);
    }

    @Override
    public void finish() {
      synchronizer.gather();
    }

    @Override
    public void close() {
      synchronizer.close();
    }
  }

  /** {@code synchronizer=executor}. */
  private static final class ByExecutors implements End {

    private final Dl4jModelUpdater model;
    private final StageSlices slices;
    private final StepDecider decider;

    ByExecutors(
        Dl4jModelUpdater model, List<ParameterLayout> layouts, int replicas, StageSlices slices) {
      this.model = model;
      this.slices = slices;
      this.decider =
          new StepDecider(model.parameterLayout(), layouts, new Counts(0, 0), settings());
      slices.keep(UUID.randomUUID(), TiedUse.of(layouts));
      for (int stage = 0; stage < layouts.size(); stage++) {
        Set<String> own = new HashSet<>();
        layouts.get(stage).views().forEach(view -> own.add(view.name()));
        StateLayout layout = model.stateLayout().of(own);
        slices.give(
            new SliceOwners(layouts.size(), replicas).ownerOf(stage),
            0,
            new StageSlices.SliceState(
                StateLayout.views(layout.weights(), model.parameters()),
                StateLayout.views(layout.updater(), model.flatUpdaterState())));
      }
    }

    @Override
    public long updates() {
      return decider.counts().updates();
    }

    @Override
    public Optional<INDArray> weights(int stage) {
      return Optional.empty();
    }

    @Override
    public GradientArrivals arrivals() {
      // Executors have the gradients.
      return GradientArrivals.NONE;
    }

    @Override
    public void finish() {
      // Executors do it.
    }

    @Override
    public void commit(long step, List<StagePart> parts) {
      Judgement judged = decider.decide(step, 0, parts);
      slices.follow(judged.decision());
    }

    @Override
    public void close() {
      model.close();
    }
  }

  @Override
  public void close() {
    try (end;
        pipeline) {
      // Closed in reverse order, each even if the other fails.
    }
  }
}
