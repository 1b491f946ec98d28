package io.stagecoach.spark.job;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioner;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.Stash;
import io.stagecoach.schedule.Limits;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.ScheduleValidator;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.config.PartitionerKind;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.sync.StageWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a run is cut and in what order its stages work.
 *
 * @param plan which layers make which stage
 * @param author who writes the run's schedules
 * @param schedule a full mini-batch's schedule
 * @param recompute what stages keep for backward
 * @param slots how many micro-batches each stage has room for: what the schedule stashes, or more
 *     where it may yet be tuned
 */
record TrainingPlan(
    Plan plan, ScheduleAuthor author, Schedule schedule, Recompute recompute, List<Integer> slots) {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingPlan.class);

  /** Activations on their way and credit for the next: what an exchange holds at a border. */
  private static final int TRANSPORT_WINDOW = 2;

  /** Hops of up to this many times a stage's forward pass, of 1, and backward pass, of 1. */
  private static final int SLOW_HOP = 3;

  TrainingPlan {
    slots = List.copyOf(slots);
  }

  /**
   * The plan that the settings ask for, by what operations should take.
   *
   * @param author who writes the schedules
   * @param microBatches into how many micro-batches a mini-batch is cut
   * @param costs the whole model's, by the examples of a micro-batch
   * @throws StagecoachException PLAN where none fits
   */
  static TrainingPlan of(
      StagecoachConf conf, ScheduleAuthor author, int microBatches, IntFunction<ModelCosts> costs) {
    return of(conf, author, microBatches, costs, Optional.empty());
  }

  /**
   * The plan that the settings ask for.
   *
   * @param profile what was measured; none where only operations are known
   * @throws StagecoachException PLAN where none fits
   */
  static TrainingPlan of(
      StagecoachConf conf,
      ScheduleAuthor author,
      int microBatches,
      IntFunction<ModelCosts> costs,
      Optional<RunProfile> profile) {
    MicroBatches batches = new MicroBatches(conf.batchSize(), conf.batchSize(), microBatches);
    int count = batches.slices(Slice.Split.TRAINING, 0, 0).size();
    PipelineShape shape = new PipelineShape(conf.stages() * conf.chunks(), count, conf.chunks());
    Schedule schedule = author.schedule(shape);
    ScheduleValidator.validate(schedule, Limits.none(shape.stages()));
    ModelCosts model = costs.apply(batches.microBatchSize());
    Partitioner partitioner = partitioner(conf, profile, batches.microBatchSize());
    List<Recompute> recomputes =
        conf.recompute().fixed().map(List::of).orElse(List.of(Recompute.NONE, Recompute.STAGE));
    StagecoachException tooLarge = null;
    for (Recompute recompute : recomputes) {
      for (List<Integer> slots : rooms(author, shape, schedule)) {
        try {
          Plan plan = partitioner.partition(request(conf, model, slots, recompute));
          if (recompute != recomputes.get(0)) {
            LOG.info("recompute=stage is chosen: with all activations kept, {}", tooLarge.what());
          }
          return new TrainingPlan(plan, author, schedule, recompute, slots);
        } catch (StagecoachException e) {
          if (e.kind() != ErrorKind.PLAN) {
            throw e;
          }
          tooLarge = e;
        }
      }
    }
    throw tooLarge;
  }

  private static Partitioner partitioner(
      StagecoachConf conf, Optional<RunProfile> profile, int rows) {
    if (!conf.cut().isEmpty()) {
      return Partitioners.given(conf.cut());
    }
    return switch (conf.partitioner()) {
      case BALANCED, MEASURED ->
          profile
              .map(measured -> Partitioners.measured(measured.layerTimes(rows)))
              .orElseGet(() -> Partitioners.named(PartitionerKind.BALANCED.word()));
      case UNIFORM, PARAMETERS -> Partitioners.named(conf.partitioner().word());
    };
  }

  /**
   * How many micro-batches the stages may have room for, the best first: enough for the schedule to
   * be tuned to slow hops once they are known, or what it stashes as it is.
   */
  private static Set<List<Integer>> rooms(
      ScheduleAuthor author, PipelineShape shape, Schedule schedule) {
    List<Integer> plain = schedule.peakStash();
    List<Integer> slow =
        author
            .tunedTo(StageCosts.equal(shape.stages(), 1, 1, SLOW_HOP))
            .schedule(shape)
            .peakStash();
    List<Integer> roomy = new ArrayList<>();
    for (int stage = 0; stage < plain.size(); stage++) {
      roomy.add(Math.max(plain.get(stage), slow.get(stage)));
    }
    return new LinkedHashSet<>(List.of(List.copyOf(roomy), plain));
  }

  private static PlanRequest request(
      StagecoachConf conf, ModelCosts model, List<Integer> slots, Recompute recompute) {
    MemoryRules rules =
        new MemoryRules(
            recompute == Recompute.STAGE ? Stash.INPUTS : Stash.ACTIVATIONS,
            (stage, count) -> slots.get(stage),
            TRANSPORT_WINDOW);
    long limit =
        conf.memoryLimit().bytes() > 0 ? conf.memoryLimit().bytes() : PlanRequest.UNLIMITED;
    return new PlanRequest(model, slots.size(), rules, limit, conf.chunks());
  }

  /** The examples of a micro-batch. */
  int rows() {
    return plan.model().microBatch();
  }

  /** The same plan with schedules of another author, who must get by with the slots. */
  TrainingPlan by(ScheduleAuthor other) {
    PipelineShape shape =
        new PipelineShape(
            schedule.stages(),
            schedule.microBatches(),
            schedule.stages() / schedule.executors().size());
    Schedule written = other.schedule(shape);
    ScheduleValidator.validate(written, Limits.none(shape.stages()).withStash(slots));
    return new TrainingPlan(plan, other, written, recompute, slots);
  }

  /** The same with another cut. */
  TrainingPlan cutAs(Plan other) {
    return new TrainingPlan(other, author, schedule, recompute, slots);
  }

  /** What any cut of the model must keep to. */
  PlanRequest request(StagecoachConf conf) {
    return request(conf, plan.model(), slots, recompute);
  }

  /** The most memory that an executor's stages need together, in bytes. */
  long memory() {
    int executors = schedule.executors().size();
    long[] held = new long[executors];
    for (int stage = 0; stage < plan.stages().size(); stage++) {
      held[stage % executors] += plan.stages().get(stage).memory().total();
    }
    return Arrays.stream(held).max().orElseThrow();
  }

  /** What each stage is built from. */
  List<StageSpec> specs(String model, long seed) {
    List<StageSpec> specs = new ArrayList<>();
    List<PlannedStage> stages = plan.stages();
    for (int i = 0; i < stages.size(); i++) {
      specs.add(
          new StageSpec(
              model,
              i,
              stages.size(),
              stages.get(i).firstLayer(),
              stages.get(i).endLayer(),
              slots.get(i),
              recompute,
              seed));
    }
    return specs;
  }

  /** What each stage's flat vector is made of. */
  List<ParameterLayout> layouts(ModelUpdater model) {
    return plan.stages().stream()
        .map(stage -> model.stageLayout(stage.firstLayer(), stage.endLayer()))
        .toList();
  }

  /** A saved model's weights for each stage that has some. */
  IntFunction<Optional<INDArray>> weights(Dl4jModelUpdater model) {
    StageWeights weights = new StageWeights(model.parameterLayout(), layouts(model));
    return stage -> {
      INDArray mine = weights.of(stage, model.parameters());
      return mine.isEmpty() ? Optional.empty() : Optional.of(mine);
    };
  }

  /**
   * The share of waiting that is to be expected if time goes as operations do, and hops are free.
   */
  double predictedBubble() {
    List<Long> forward =
        plan.stages().stream().map(stage -> Math.max(1, stage.cost().forwardOperations())).toList();
    List<Long> backward =
        plan.stages().stream()
            .map(stage -> Math.max(1, stage.cost().backwardOperations()))
            .toList();
    Simulation simulation = Simulator.simulate(schedule, new StageCosts(forward, backward, 0));
    return simulation.bubble();
  }
}
