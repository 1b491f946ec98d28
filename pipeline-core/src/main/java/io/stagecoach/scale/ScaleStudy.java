package io.stagecoach.scale;

import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.StageTime;
import io.stagecoach.plan.Stash;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.StepSimulator;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Plans and simulates steps on a described cluster. The cut is the best one for its devices; passes
 * are simulated action by action; the barrier is computed for both synchronizers. A stage's next
 * step is taken to begin when all stages have their weights.
 */
public final class ScaleStudy {

  private static final double NANOS = 1e9;

  private final ScaleDescription description;
  private final ScheduleAuthor schedule;
  private final int microBatch;
  private final Stash stash;

  /**
   * @param schedule of one chunk for each executor
   * @param microBatch examples in a micro-batch
   * @param stash what stages keep; where it is their inputs, a backward pass runs forward again
   */
  public ScaleStudy(
      ScaleDescription description, ScheduleAuthor schedule, int microBatch, Stash stash) {
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
    MemoryRules withoutStash = new MemoryRules(stash, (stage, of) -> 1, 1);
    Plan plan =
        Partitioners.measured(times(model, devices))
            .partition(new PlanRequest(model, stages, withoutStash, PlanRequest.UNLIMITED));
    StageCosts costs = costs(plan, devices);
    Simulation simulation = StepSimulator.simulate(schedule.tunedTo(costs), shape, costs);
    MemoryRules memory =
        new MemoryRules(stash, (stage, of) -> simulation.peakStash().get(stage), 1);
    List<ScalePoint> points = new ArrayList<>();
    for (int count : replicas) {
      points.add(point(plan, devices, costs, memory, simulation, microBatches, count));
    }
    return points;
  }

  /** In nanoseconds, on devices of different speeds. */
  private static StageTime times(ModelCosts model, List<DescribedDevice> devices) {
    StageTime operations = StageTime.sum(model, LayerCost::operations);
    double[] nanosPerOperation =
        devices.stream().mapToDouble(device -> NANOS / device.operationsPerSecond()).toArray();
    return (stage, first, end) ->
        Math.round(operations.of(stage, first, end) * nanosPerOperation[stage]);
  }

  private StageCosts costs(Plan plan, List<DescribedDevice> devices) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    long most = 0;
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      double speed = devices.get(s).operationsPerSecond();
      forward.add(Math.round(NANOS * stage.cost().forwardOperations() / speed));
      long again = stash == Stash.INPUTS ? stage.cost().forwardOperations() : 0;
      backward.add(Math.round(NANOS * (stage.cost().backwardOperations() + again) / speed));
      if (s < plan.stages().size() - 1) {
        most = Math.max(most, stage.cost().outputBytes());
      }
    }
    return new StageCosts(
        forward, backward, Math.round(NANOS * description.network().seconds((double) most)));
  }

  private ScalePoint point(
      Plan plan,
      List<DescribedDevice> devices,
      StageCosts costs,
      MemoryRules rules,
      Simulation simulation,
      int microBatches,
      int replicas) {
    List<Double> bytes = new ArrayList<>();
    long memory = 0;
    boolean fits = true;
    int bottleneck = 0;
    int layers = 0;
    for (int s = 0; s < plan.stages().size(); s++) {
      PlannedStage stage = plan.stages().get(s);
      bytes.add((double) stage.cost().parameterBytes());
      long needed = rules.estimate(stage.cost(), s, plan.stages().size()).total();
      memory = Math.max(memory, needed);
      fits &= needed <= devices.get(s).memoryBytes();
      layers = Math.max(layers, stage.layers());
      bottleneck = time(costs, s) > time(costs, bottleneck) ? s : bottleneck;
    }
    Gradients gradients =
        new Gradients(
            simulation.ends().stream().map(end -> end / NANOS).toList(),
            bytes,
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
        fits,
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
