package io.stagecoach.spark.job;

import io.stagecoach.batch.Blocks;
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
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioner;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.SliceMemory;
import io.stagecoach.plan.StagePin;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashRule;
import io.stagecoach.schedule.Limits;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Replicated;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.ScheduleValidator;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.spark.config.PartitionerKind;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.config.SynchronizerKind;
import io.stagecoach.sync.StageWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a run is cut and in what order its stages work.
 *
 * @param plan which layers make which stage, of each replica
 * @param author who writes a replica's schedules
 * @param replicas how many pipelines work side by side
 * @param blocks in how many blocks the micro-batches' gradients are summed
 * @param schedule a full mini-batch's schedule, of all replicas
 * @param stashes what stages may keep for backward, also where they are cut anew
 * @param slots how many micro-batches each stage of a replica has room for: what the schedule
 *     stashes, or more where it may yet be tuned
 */
record TrainingPlan(
    Plan plan,
    ScheduleAuthor author,
    int replicas,
    int blocks,
    Schedule schedule,
    StashRule stashes,
    List<Integer> slots) {

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
    requireWorkForAll(conf, count);
    PipelineShape shape =
        new PipelineShape(
            conf.stages() * conf.chunks(),
            new Blocks(count, conf.replicas()).longest(),
            conf.chunks());
    Schedule ofOne = author.schedule(shape);
    ScheduleValidator.validate(ofOne, Limits.none(shape.stages()));
    Schedule schedule = sideBySide(author, conf.replicas(), shape, count);
    ModelCosts model = costs.apply(batches.microBatchSize());
    Partitioner partitioner = partitioner(conf, profile, batches.microBatchSize());
    StashRule stashes = stashes(conf, shape.stages());
    // Room that the schedule may not need is no reason to run forward twice.
    Optional<Plan> leanest =
        conf.recompute().isAuto()
            ? Optional.of(partitioner.partition(request(conf, model, ofOne.peakStash(), stashes)))
            : Optional.empty();
    leanest.ifPresent(TrainingPlan::log);
    StagecoachException tooLarge = null;
    for (List<Integer> slots : rooms(author, shape, ofOne)) {
      try {
        Plan plan = partitioner.partition(request(conf, model, slots, stashes));
        if (leanest.isPresent() && !isAlike(plan, leanest.get())) {
          continue;
        }
        return new TrainingPlan(
            plan, author, conf.replicas(), conf.gradientBlocks(), schedule, stashes, slots);
      } catch (StagecoachException e) {
        if (e.kind() != ErrorKind.PLAN) {
          throw e;
        }
        tooLarge = e;
      }
    }
    throw tooLarge;
  }

  /** Whether stages have the same layers, and keep the same. */
  private static boolean isAlike(Plan one, Plan other) {
    return cutAndStashes(one).equals(cutAndStashes(other));
  }

  private static List<List<Object>> cutAndStashes(Plan plan) {
    return plan.stages().stream()
        .map(stage -> List.<Object>of(stage.firstLayer(), stage.stash()))
        .toList();
  }

  private static void log(Plan plan) {
    List<Integer> recomputing =
        IntStream.range(0, plan.stages().size())
            .filter(stage -> plan.stages().get(stage).recomputes())
            .boxed()
            .toList();
    if (!recomputing.isEmpty()) {
      LOG.info(
          "recompute: stages {} keep only their inputs, for their activations do not fit"
              + " into the memory limit",
          recomputing);
    }
  }

  private static StashRule stashes(StagecoachConf conf, int stages) {
    return conf.recompute()
        .fixed()
        .map(told -> told.size() == 1 ? Collections.nCopies(stages, told.get(0)) : told)
        .map(told -> StashRule.given(told.stream().map(TrainingPlan::stash).toList()))
        .orElseGet(StashRule::asMemoryAllows);
  }

  private static Stash stash(Recompute recompute) {
    return switch (recompute) {
      case NONE -> Stash.ACTIVATIONS;
      case STAGE -> Stash.INPUTS;
    };
  }

  /** What each stage of a replica does. */
  List<Recompute> recompute() {
    return plan.stages().stream()
        .map(stage -> stage.recomputes() ? Recompute.STAGE : Recompute.NONE)
        .toList();
  }

  private static void requireWorkForAll(StagecoachConf conf, int microBatches) {
    if (microBatches < conf.replicas()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "A mini-batch of "
              + conf.batchSize()
              + " examples is cut into "
              + microBatches
              + " micro-batches, and there are "
              + conf.replicas()
              + " replicas to share them",
          "Lower "
              + Settings.REPLICAS.key()
              + ", or choose "
              + Settings.MICRO_BATCHES.key()
              + " so that it divides "
              + Settings.BATCH_SIZE.key()
              + ".");
    }
  }

  /** The schedule of all replicas, where a pipeline has this shape. */
  private static Schedule sideBySide(
      ScheduleAuthor author, int replicas, PipelineShape ofOne, int microBatches) {
    return all(author, replicas)
        .schedule(new PipelineShape(replicas * ofOne.stages(), microBatches, ofOne.chunks()));
  }

  private static ScheduleAuthor all(ScheduleAuthor author, int replicas) {
    return replicas == 1 ? author : new Replicated(author, replicas);
  }

  private static Partitioner partitioner(
      StagecoachConf conf, Optional<RunProfile> profile, int rows) {
    if (!conf.cut().isEmpty()) {
      return Partitioners.given(conf.cut());
    }
    return switch (conf.partitioner()) {
      case BALANCED, MEASURED ->
          profile
              .map(
                  measured ->
                      Partitioners.measured(measured.layerTimes(rows), measured.forwardTimes(rows)))
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
      StagecoachConf conf, ModelCosts model, List<Integer> slots, StashRule stashes) {
    MemoryRules rules =
        new MemoryRules(
            stashes,
            (stage, count) -> slots.get(stage),
            TRANSPORT_WINDOW,
            conf.synchronizer() == SynchronizerKind.EXECUTOR
                ? Optional.of(new SliceMemory(conf.replicas()))
                : Optional.empty());
    return new PlanRequest(
        model,
        slots.size(),
        rules,
        atBest(conf),
        conf.chunks(),
        new NamedLayers(model).pins(conf.pinLayers()));
  }

  /**
   * What executors may hold, as far as that is known before they are there: each the most that it
   * may turn out to hold.
   */
  private static DeviceLimits atBest(StagecoachConf conf) {
    DeviceMemory memory = conf.memoryLimit();
    if (memory.isAlike()) {
      return DeviceLimits.everywhere(memory.others());
    }
    return new DeviceLimits(
        IntStream.range(0, conf.replicas() * conf.stages())
            .mapToObj(
                executor ->
                    memory.atBest(
                        conf.pinStages().stream()
                            .filter(pin -> pin.stage() == executor % conf.stages())
                            .map(StagePin::target)
                            .findFirst()))
            .toList());
  }

  /** The examples of a micro-batch. */
  int rows() {
    return plan.model().microBatch();
  }

  /** The same plan with schedules of another author, who must get by with the slots. */
  TrainingPlan by(ScheduleAuthor other) {
    PipelineShape shape =
        new PipelineShape(
            schedule.stages() / replicas,
            new Blocks(schedule.microBatches(), replicas).longest(),
            schedule.stages() / schedule.executors().size());
    ScheduleValidator.validate(other.schedule(shape), Limits.none(shape.stages()).withStash(slots));
    return new TrainingPlan(
        plan,
        other,
        replicas,
        blocks,
        sideBySide(other, replicas, shape, schedule.microBatches()),
        stashes,
        slots);
  }

  /** Who writes the schedules of all replicas, where one of them goes by this author. */
  ScheduleAuthor sideBySide(ScheduleAuthor ofOne) {
    return all(ofOne, replicas);
  }

  /**
   * The plan as a table, ending with a line feed.
   *
   * @param times what is known of times
   */
  String table(Optional<PlanTimes> times) {
    int executors = schedule.executors().size();
    return replicas == 1
        ? plan.table(times)
        : plan.table(times)
            + String.format(
                Locale.ROOT,
                "%d replicas of these stages on %d executors: each takes %d of a mini-batch's %d"
                    + " micro-batches.%n",
                replicas,
                executors,
                new Blocks(schedule.microBatches(), replicas).longest(),
                schedule.microBatches());
  }

  /** The same with another cut. */
  TrainingPlan cutAs(Plan other) {
    return new TrainingPlan(other, author, replicas, blocks, schedule, stashes, slots);
  }

  /** What any cut of the model must keep to. */
  PlanRequest request(StagecoachConf conf) {
    return request(conf, plan.model(), slots, stashes);
  }

  /** The most memory that an executor's stages need together, in bytes. */
  long memory() {
    int executors = schedule.executors().size() / replicas;
    long[] held = new long[executors];
    for (int stage = 0; stage < plan.stages().size(); stage++) {
      held[stage % executors] += plan.stages().get(stage).memory().total();
    }
    return Arrays.stream(held).max().orElseThrow();
  }

  /** What each stage of each replica is built from. */
  List<StageSpec> specs(String model, long seed) {
    List<StageSpec> specs = new ArrayList<>();
    List<PlannedStage> stages = plan.stages();
    List<Recompute> recompute = recompute();
    for (int place = 0; place < replicas * stages.size(); place++) {
      int stage = place % stages.size();
      specs.add(
          new StageSpec(
              model,
              place,
              stages.size(),
              stages.get(stage).firstLayer(),
              stages.get(stage).endLayer(),
              slots.get(stage),
              recompute.get(stage),
              seed));
    }
    return specs;
  }

  /** What each stage's flat vector is made of, in every replica. */
  List<ParameterLayout> layouts(ModelUpdater model) {
    return plan.stages().stream()
        .map(stage -> model.stageLayout(stage.firstLayer(), stage.endLayer()))
        .toList();
  }

  /** A saved model's weights for each stage that has some, those of all replicas counted. */
  IntFunction<Optional<INDArray>> weights(Dl4jModelUpdater model) {
    StageWeights weights = new StageWeights(model.parameterLayout(), layouts(model));
    return stage -> {
      INDArray mine = weights.of(stage % weights.stages(), model.parameters());
      return mine.isEmpty() ? Optional.empty() : Optional.of(mine);
    };
  }

  /**
   * The share of waiting that is to be expected if time goes as operations do, and hops are free.
   */
  double predictedBubble() {
    Simulation simulation = Simulator.simulate(schedule, operations());
    return simulation.bubble();
  }

  /** What its stages cost, those of all replicas, if time goes as operations do. */
  StageCosts operations() {
    List<Long> forward =
        plan.stages().stream().map(stage -> Math.max(1, stage.cost().forwardOperations())).toList();
    List<Long> backward =
        plan.stages().stream().map(stage -> Math.max(1, stage.backwardOperations())).toList();
    return new StageCosts(forward, backward, 0).replicated(replicas);
  }
}
