package io.stagecoach.scale;

import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.StageTime;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashRule;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.StepSimulator;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Plans and simulates steps on a described cluster. The cut is the best one for its devices; passes
 * are simulated action by action; the barrier is computed for both synchronizers.
 */
public final class ScaleStudy {

  private static final double NANOS = 1e9;

  private static final int TRANSPORT_WINDOW = 1;

  /** More than any pass, in nanoseconds: what does not fit is taken where nothing else is left. */
  private static final long NEVER = Long.MAX_VALUE / 4;

  private final ScaleDescription description;
  private final ScheduleAuthor schedule;
  private final int microBatch;
  private final StashRule stash;

  /**
   * @param schedule of one chunk for each executor
   * @param microBatch examples in a micro-batch
   * @param stash what stages may keep; where it is their inputs, a backward pass runs forward again
   */
  public ScaleStudy(
      ScaleDescription description, ScheduleAuthor schedule, int microBatch, StashRule stash) {
    this.description = description;
    this.schedule = schedule;
    this.microBatch = microBatch;
    this.stash = stash;
  }

  /**
   * What so many stages come to, with each number of replicas.
   *
   * @param microBatches of one replica in a step
   * @throws io.stagecoach.error.StagecoachException PLAN where there are more stages than layers
   */
  public List<ScalePoint> points(int stages, int microBatches, List<Integer> replicas) {
    ModelCosts model = description.model().costs(microBatch);
    List<DescribedDevice> devices = DescribedDevice.pipeline(description.devices(), stages);
    PipelineShape shape = new PipelineShape(stages, microBatches, 1);
    Try best = tried(model, devices, shape, Keeping.first(stash));
    if (IntStream.range(0, stages).anyMatch(stage -> stash.at(stage).size() > 1)
        && !best.fits(devices)) {
      // How many micro-batches a stage has at once depends on what it keeps, but hardly.
      StashNeed need = new StashNeed(model, rules(stash, best.simulation().peakStash()), devices);
      best = tried(model, devices, shape, Keeping.asNeeded(need));
    }
    List<ScalePoint> points = new ArrayList<>();
    for (int count : replicas) {
      points.add(point(best, devices, microBatches, count));
    }
    return points;
  }

  /**
   * What a stage with certain layers keeps, and whether it should not have them.
   *
   * @param stash what it keeps
   * @param tooLarge whether they do not fit on its device
   */
  private record Keeping(OfLayers<Stash> stash, OfLayers<Boolean> tooLarge) {

    static Keeping first(StashRule rule) {
      return new Keeping(
          (stage, first, end) -> rule.at(stage).get(0), (stage, first, end) -> false);
    }

    static Keeping asNeeded(StashNeed need) {
      return new Keeping(need::stash, (stage, first, end) -> !need.fits(stage, first, end));
    }
  }

  /** Something of a stage with the layers from {@code first} to before {@code end}. */
  @FunctionalInterface
  private interface OfLayers<T> {

    T of(int stage, int first, int end);
  }

  /** A plan and how it runs. */
  private record Try(Plan plan, StageCosts costs, Simulation simulation) {

    boolean fits(List<DescribedDevice> devices) {
      return IntStream.range(0, devices.size())
          .allMatch(
              stage ->
                  plan.stages().get(stage).memory().total() <= devices.get(stage).memoryBytes());
    }
  }

  private Try tried(
      ModelCosts model, List<DescribedDevice> devices, PipelineShape shape, Keeping keeping) {
    Plan cut =
        Partitioners.measured(times(model, devices, keeping))
            .partition(request(model, shape, StashRule.everywhere(Stash.ACTIVATIONS), List.of()));
    List<Integer> firstLayers = cut.stages().stream().map(PlannedStage::firstLayer).toList();
    List<Stash> stashes = new ArrayList<>();
    for (int s = 0; s < cut.stages().size(); s++) {
      stashes.add(
          keeping.stash().of(s, cut.stages().get(s).firstLayer(), cut.stages().get(s).endLayer()));
    }
    StashRule given = StashRule.given(stashes);
    Plan plan = Partitioners.given(firstLayers).partition(request(model, shape, given, List.of()));
    StageCosts costs = costs(plan, devices);
    Simulation simulation = StepSimulator.simulate(schedule.tunedTo(costs), shape, costs);
    return new Try(
        Partitioners.given(firstLayers)
            .partition(request(model, shape, given, simulation.peakStash())),
        costs,
        simulation);
  }

  /**
   * What is to be planned; without a limit, for the devices' are looked at one by one.
   *
   * @param slots of each stage; empty where they are not known yet
   */
  private static PlanRequest request(
      ModelCosts model, PipelineShape shape, StashRule rule, List<Integer> slots) {
    return new PlanRequest(model, shape.stages(), rules(rule, slots), DeviceLimits.UNLIMITED);
  }

  private static MemoryRules rules(StashRule rule, List<Integer> slots) {
    return new MemoryRules(
        rule, (stage, of) -> slots.isEmpty() ? 1 : slots.get(stage), TRANSPORT_WINDOW);
  }

  /** In nanoseconds, on devices of different speeds, with what stages run again. */
  private static StageTime times(ModelCosts model, List<DescribedDevice> devices, Keeping keeping) {
    StageTime operations = StageTime.operations(model);
    double[] nanosPerOperation =
        devices.stream().mapToDouble(device -> NANOS / device.operationsPerSecond()).toArray();
    return (stage, first, end) ->
        Math.round(
                operations.of(stage, first, end, keeping.stash().of(stage, first, end))
                    * nanosPerOperation[stage])
            + (keeping.tooLarge().of(stage, first, end) ? NEVER : 0);
  }

  private StageCosts costs(Plan plan, List<DescribedDevice> devices) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    List<Long> hops = new ArrayList<>();
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      double speed = devices.get(s).operationsPerSecond();
      forward.add(Math.round(NANOS * stage.cost().forwardOperations() / speed));
      backward.add(Math.round(NANOS * stage.backwardOperations() / speed));
      if (s < plan.stages().size() - 1) {
        hops.add(
            Math.round(NANOS * description.network().seconds((double) stage.cost().outputBytes())));
      }
    }
    return new StageCosts(forward, backward, 0).withHops(hops);
  }

  private ScalePoint point(
      Try best, List<DescribedDevice> devices, int microBatches, int replicas) {
    Plan plan = best.plan();
    StageCosts costs = best.costs();
    Simulation simulation = best.simulation();
    List<StageLoad> stages = new ArrayList<>();
    long begins = 0;
    long memory = 0;
    int recomputing = 0;
    int bottleneck = 0;
    int layers = 0;
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      stages.add(
          new StageLoad(
              begins / NANOS,
              costs.backward().get(s) / NANOS,
              simulation.ends().get(s) / NANOS,
              stage.layers(),
              stage.cost().parameterBytes()));
      // The first micro-batch meets nobody on its way.
      begins += costs.forward().get(s) + (s < costs.hops().size() ? costs.hops().get(s) : 0);
      memory = Math.max(memory, stage.memory().total());
      recomputing += stage.recomputes() ? 1 : 0;
      layers = Math.max(layers, stage.layers());
      bottleneck = time(costs, s) > time(costs, bottleneck) ? s : bottleneck;
    }
    Gradients gradients =
        new Gradients(
            stages,
            replicas,
            description.model().updateBytes() / description.model().bytesPerNumber());
    return new ScalePoint(
        plan.stages().size(),
        replicas,
        microBatches,
        (long) replicas * microBatches * microBatch,
        layers,
        bottleneck,
        simulation.makespan() / NANOS,
        simulation.bubble(),
        memory,
        best.fits(devices),
        recomputing,
        new DriverBarrier(description.network(), description.driver()).load(gradients),
        new ExecutorBarrier(description.network(), description.driver()).load(gradients, devices));
  }

  private static long time(StageCosts costs, int stage) {
    return costs.forward().get(stage) + costs.backward().get(stage);
  }

  /**
   * The number of devices from which on {@code synchronizer=executor} is faster by this share in
   * all points that have as many or more.
   *
   * @param gain for example 0.1
   */
  public static OptionalInt crossover(List<ScalePoint> points, double gain) {
    int notYet =
        points.stream()
            .filter(point -> point.executorRate() <= (1 + gain) * point.driverRate())
            .mapToInt(ScalePoint::devices)
            .max()
            .orElse(0);
    return points.stream().mapToInt(ScalePoint::devices).filter(d -> d > notYet).min();
  }
}
