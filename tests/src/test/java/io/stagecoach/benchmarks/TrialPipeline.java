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
import io.stagecoach.plan.Partitioner;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.Stash;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.spark.cluster.StoreAccess;
import io.stagecoach.spark.exchange.ExchangeKind;
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
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A pipeline of any schedule, exchange and number of executors, in an application that is there.
 */
final class TrialPipeline implements AutoCloseable {

  private static final int TRANSPORT_WINDOW = 2;

  private final Workload workload;
  private final ScheduleAuthor author;
  private final Schedule schedule;
  private final Synchronizer synchronizer;
  private final Dl4jModelUpdater updater;
  private final Pipeline pipeline;
  private final List<PlannedStage> cut;

  /** Cut so that the stages' operations are even. */
  TrialPipeline(
      JavaSparkContext spark,
      Workload workload,
      Path store,
      ExchangeKind exchange,
      ScheduleAuthor author,
      PipelineShape shape) {
    this(spark, workload, store, exchange, author, shape, Partitioners.named("balanced"));
  }

  TrialPipeline(
      JavaSparkContext spark,
      Workload workload,
      Path store,
      ExchangeKind exchange,
      ScheduleAuthor author,
      PipelineShape shape,
      Partitioner partitioner) {
    this.workload = workload;
    this.author = author;
    this.schedule = author.schedule(shape);
    this.cut = plan(workload, author, shape, partitioner).stages();
    this.updater = Dl4jModelUpdater.create(workload.model());
    this.synchronizer =
        new Synchronizer(
            updater,
            cut.stream()
                .map(stage -> updater.stageLayout(stage.firstLayer(), stage.endLayer()))
                .toList(),
            0,
            new SyncSettings(GradientWeight.EXAMPLES, 0, 0));
    this.pipeline =
        Pipeline.launch(spec(spark, workload, store, exchange, author, shape, partitioner));
  }

  /** How a workload is cut. */
  static Plan plan(
      Workload workload, ScheduleAuthor author, PipelineShape shape, Partitioner partitioner) {
    List<Integer> slots = author.schedule(shape).peakStash();
    return partitioner.partition(
        new PlanRequest(
            LayerCosts.of(workload.model(), workload.microBatchRows(), workload.timeSteps()),
            shape.stages(),
            new MemoryRules(
                Stash.ACTIVATIONS, (stage, stages) -> slots.get(stage), TRANSPORT_WINDOW),
            DeviceLimits.UNLIMITED));
  }

  /** What such a pipeline is launched from. */
  static PipelineSpec spec(
      JavaSparkContext spark,
      Workload workload,
      Path store,
      ExchangeKind exchange,
      ScheduleAuthor author,
      PipelineShape shape,
      Partitioner partitioner) {
    List<Integer> slots = author.schedule(shape).peakStash();
    List<PlannedStage> stages = plan(workload, author, shape, partitioner).stages();
    List<StageSpec> specs = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      specs.add(
          new StageSpec(
              workload.model(),
              i,
              stages.size(),
              stages.get(i).firstLayer(),
              stages.get(i).endLayer(),
              slots.get(i),
              Recompute.NONE,
              Workload.SEED));
    }
    return new PipelineSpec(
        spark,
        exchange,
        Dl4jEngine.NAME,
        specs,
        shape.chunks(),
        List.of(author),
        StoreAccess.of(store.toUri().toString(), Workload.READING),
        TrialConditions.NETWORK,
        TrialConditions.DEADLINES);
  }

  /** Where each stage is. */
  List<StageAddress> stages() {
    return pipeline.stages();
  }

  Schedule schedule() {
    return schedule;
  }

  /** Which layers each stage has, and what they need by the plan. */
  List<PlannedStage> cut() {
    return cut;
  }

  /** How many parameters each stage holds, copies of shared ones included. */
  List<Long> parameters() {
    return cut.stream()
        .map(stage -> updater.stageLayout(stage.firstLayer(), stage.endLayer()).length())
        .toList();
  }

  /** How many parameters the model has. */
  long modelParameters() {
    return updater.parameters().length();
  }

  /** The most memory that each stage's process has had. */
  Map<Integer, ProcessMemory> memory() {
    return pipeline.memory();
  }

  /** The whole model. */
  Dl4jModelUpdater model() {
    synchronizer.gather();
    return updater;
  }

  /** The whole model's weights, as bits. */
  double[] weights() {
    synchronizer.gather();
    return updater.parameters().dup().reshape(updater.parameters().length()).toDoubleVector();
  }

  /** One step. */
  StepRecord step() {
    long step = synchronizer.updates();
    int microBatches = schedule.microBatches();
    long start = System.nanoTime();
    long updated = synchronizer.updateNanos();
    StepContext context =
        new StepContext(step, pipeline.nextAttempt(step), 0, microBatches, Mode.TRAINING, false);
    pipeline.tell(
        Order.of(
            new Message.RunStep(context, author.name(), workload.slices(microBatches)),
            stage ->
                synchronizer.weights(stage).isEmpty()
                    ? Optional.empty()
                    : Optional.of(synchronizer.weights(stage))));
    long told = System.nanoTime();
    long whileTold = synchronizer.updateNanos() - updated;
    int stages = pipeline.stages().size();
    List<StagePart> parts = pipeline.await(synchronizer.arrivals(stages));
    long arrived = System.nanoTime();
    try {
      StepOutcome outcome = synchronizer.commit(step, 0, parts);
      long end = System.nanoTime();
      return new StepRecord(
          step,
          outcome.lossPerLabel(),
          outcome.globalNorm(),
          outcome.skipped(),
          outcome.loss().examples(),
          end - start,
          arrived - told,
          end - arrived + whileTold,
          told - start - whileTold,
          parts.stream().map(StagePart::report).toList());
    } finally {
      parts.forEach(StagePart::close);
    }
  }

  @Override
  public void close() {
    try (synchronizer;
        pipeline) {
      // Closed in reverse order, each even if the other fails.
    }
  }
}
