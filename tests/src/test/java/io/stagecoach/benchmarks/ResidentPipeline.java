package io.stagecoach.benchmarks;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.Dl4jEngine;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashSlots;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.spark.cluster.StoreAccess;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.stage.StageStep;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A pipeline of two stages in an application of its own, with two executor processes of one core:
 * the product's pipeline, synchronizer and updater, told step by step as the job's own loop does.
 */
final class ResidentPipeline implements AutoCloseable {

  static final int STAGES = 2;
  static final String SCHEDULE = "1f1b";

  /** Heap and off-heap memory of an executor, and of the uncut process beside it. */
  static final List<String> JVM_OPTIONS =
      List.of(
          "-Xmx1024m",
          "-Dorg.bytedeco.javacpp.maxbytes=3g",
          "-Dorg.bytedeco.javacpp.maxphysicalbytes=5g");

  /** Activations on their way and credit for the next: what an exchange holds at a border. */
  private static final int TRANSPORT_WINDOW = 2;

  /**
   * What a step took.
   *
   * @param nanos all of it, on the driver
   * @param tell sending weights and orders
   * @param await from then until all gradients were there
   * @param update averaging, norm and update
   * @param loss summed over examples
   * @param stages what each stage says of it
   */
  record Step(
      long nanos, long tell, long await, long update, double loss, List<StageStep> stages) {}

  private final Workload workload;
  private final Plan plan;
  private final JavaSparkContext spark;
  private final Synchronizer synchronizer;
  private final Pipeline pipeline;

  /**
   * Launches it.
   *
   * @param store where the workload has been written
   * @param mostMicroBatches the most that a step will have
   */
  ResidentPipeline(Workload workload, Path store, int mostMicroBatches) {
    this.workload = workload;
    Schedule schedule = schedule(mostMicroBatches);
    List<Integer> slots = schedule.peakStash();
    StashSlots stash = (stage, stages) -> slots.get(stage);
    this.plan =
        Partitioners.named("balanced")
            .partition(
                new PlanRequest(
                    LayerCosts.of(
                        workload.model(), workload.microBatchRows(), workload.timeSteps()),
                    STAGES,
                    new MemoryRules(Stash.ACTIVATIONS, stash, TRANSPORT_WINDOW),
                    DeviceLimits.UNLIMITED));
    Dl4jModelUpdater updater = Dl4jModelUpdater.create(workload.model());
    this.spark = new JavaSparkContext(application(workload.name()));
    this.synchronizer =
        new Synchronizer(
            updater,
            plan.stages().stream()
                .map(stage -> updater.stageLayout(stage.firstLayer(), stage.endLayer()))
                .toList(),
            0,
            new SyncSettings(GradientWeight.EXAMPLES, 0, 0));
    List<StageSpec> specs = new ArrayList<>();
    for (int i = 0; i < STAGES; i++) {
      PlannedStage stage = plan.stages().get(i);
      specs.add(
          new StageSpec(
              workload.model(),
              i,
              STAGES,
              stage.firstLayer(),
              stage.endLayer(),
              slots.get(i),
              Recompute.NONE,
              Workload.SEED));
    }
    this.pipeline =
        Pipeline.launch(
            new PipelineSpec(
                spark,
                ExchangeKind.STREAMING,
                Dl4jEngine.NAME,
                specs,
                1,
                List.of(Schedules.standard().named(SCHEDULE)),
                StoreAccess.of(store.toUri().toString(), Workload.READING),
                TrialConditions.NETWORK,
                TrialConditions.DEADLINES));
  }

  private static SparkConf application(String name) {
    String jar = Pipeline.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    return new SparkConf()
        .setAppName(name)
        .setMaster("local-cluster[2,1,1024]")
        .setJars(new String[] {jar})
        .set("spark.executor.memory", "1g")
        .set(
            "spark.executor.extraJavaOptions",
            String.join(" ", JVM_OPTIONS.subList(1, JVM_OPTIONS.size())))
        .set("spark.executorEnv.OMP_NUM_THREADS", "1")
        .set("spark.ui.enabled", "false");
  }

  /** The schedule of a step of so many micro-batches. */
  static Schedule schedule(int microBatches) {
    return Schedules.standard().named(SCHEDULE).schedule(new PipelineShape(STAGES, microBatches));
  }

  Plan plan() {
    return plan;
  }

  /** The most memory that each executor's process has had. */
  Map<Integer, ProcessMemory> memory() {
    return pipeline.memory();
  }

  /** Does so many steps. */
  List<Step> steps(int microBatches, int count) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      steps.add(step(microBatches));
    }
    return steps;
  }

  private Step step(int microBatches) {
    long step = synchronizer.updates();
    long start = System.nanoTime();
    long updated = synchronizer.updateNanos();
    StepContext context =
        new StepContext(step, pipeline.nextAttempt(step), 0, microBatches, Mode.TRAINING, false);
    pipeline.tell(
        Order.of(
            new Message.RunStep(context, SCHEDULE, workload.slices(microBatches)), this::weights));
    long told = System.nanoTime();
    long whileTold = synchronizer.updateNanos() - updated;
    int stages = pipeline.stages().size();
    List<StagePart> parts = pipeline.await(synchronizer.arrivals(stages));
    long arrived = System.nanoTime();
    try {
      StepOutcome outcome = synchronizer.commit(step, 0, parts);
      long end = System.nanoTime();
      return new Step(
          end - start,
          told - start - whileTold,
          arrived - told,
          end - arrived + whileTold,
          outcome.loss().sum(),
          parts.stream().map(StagePart::report).toList());
    } finally {
      parts.forEach(StagePart::close);
    }
  }

  private Optional<INDArray> weights(int stage) {
    return Optional.of(synchronizer.weights(stage));
  }

  @Override
  public void close() {
    try (spark;
        synchronizer;
        pipeline) {
      // Closed in reverse order, each even if another fails.
    }
  }
}
