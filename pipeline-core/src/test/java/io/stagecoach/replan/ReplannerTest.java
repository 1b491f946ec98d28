package io.stagecoach.replan;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.Loss;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DevicePins;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.LayerPin;
import io.stagecoach.plan.LayerPins;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Permutations;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.StageTime;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashSlots;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.FewerExecutors;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Replicated;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Narrowing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A pipeline that is played: what its stages take is known, and changes when the test says so. */
class ReplannerTest {

  private static final long MANY = 1_000_000;
  private static final long CHEAP = 1_000_000;

  /** Milliseconds of each layer's forward pass; a backward pass takes twice as long. */
  private List<Long> layers = List.of(5L, 5L, 8L, 5L, 5L, 8L, 5L, 5L);

  private int microBatches = 4;

  private final Random random = new Random(3);
  private double noise;
  private long nanoTime;

  /** Any stage may be anywhere. */
  private DevicePins devices = (stage, device) -> true;

  private LayerPins pins = LayerPins.NONE;

  /** Between all of them as long. */
  private HopEstimates hops = HopEstimates.EQUAL;

  private final class World {

    /** By executor, those of one replica after those of the one before. */
    private double[] slowness;

    private final Schedule schedule;
    private final Replanner replanner;
    private final List<Integer> changedAt = new ArrayList<>();
    private final List<String> brought = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();
    private final PlanRequest request;
    private Plan plan;
    private int hosts;
    private DeviceLimits limits;
    private Traffic traffic = Traffic.none();
    private final List<List<Integer>> orders = new ArrayList<>();
    private int step;

    World(int stages, long limit, ReplanRules rules) {
      this(stages, 1, limit, rules);
    }

    World(int stages, int replicas, long limit, ReplanRules rules) {
      slowness = new double[replicas * stages];
      Arrays.fill(slowness, 1);
      hosts = slowness.length;
      schedule =
          new Replicated(new OneForwardOneBackward(), replicas)
              .schedule(new PipelineShape(replicas * stages, replicas * microBatches));
      request =
          new PlanRequest(
              model(),
              stages,
              new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(stages), 1),
              DeviceLimits.everywhere(limit),
              1,
              pins);
      plan =
          Partitioners.measured(layers.stream().map(time -> 3 * time).toList(), layers)
              .partition(request);
      limits = request.limits();
      replanner =
          new Replanner(
              plan,
              request,
              replicas,
              devices,
              () -> limits,
              () -> hops,
              new LayerEstimates(layers, layers.stream().map(time -> 2 * time).toList()),
              (by, costs) -> Simulator.simulate(by, costs).makespan(),
              rules,
              () -> nanoTime);
    }

    private long forward(int executor, int first, int end) {
      double sum = layers.subList(first, end).stream().mapToLong(time -> time * 1_000_000).sum();
      return Math.round(slowness[executor] * sum * (1 + noise * (random.nextDouble() - 0.5)));
    }

    private StageCosts costs(Plan of) {
      List<Long> forward = new ArrayList<>();
      for (int executor = 0; executor < slowness.length; executor++) {
        PlannedStage stage = of.stages().get(executor % of.stages().size());
        forward.add(forward(executor, stage.firstLayer(), stage.endLayer()));
      }
      return new StageCosts(forward, forward.stream().map(time -> 2 * time).toList(), 0);
    }

    private long stepNanos(Plan of) {
      return stepNanos(costs(of));
    }

    private long stepNanos(StageCosts costs) {
      return Simulator.simulate(FewerExecutors.gather(schedule, hosts), costs).makespan();
    }

    /** All places are on so many executors from here on. */
    void placedOn(int executors) {
      hosts = executors;
      replanner.placedOn(executors);
    }

    /** Runs so many steps, and does what is proposed. */
    void run(int steps, long stepsLeft, long costNanos) {
      for (int i = 0; i < steps; i++) {
        StageCosts costs = costs(plan);
        long wall = stepNanos(costs);
        replanner.observe(record(costs, wall), schedule);
        step++;
        replanner.brought().ifPresent(brought::add);
        Optional<Proposal> proposal = replanner.propose(stepsLeft, costNanos);
        if (proposal.isPresent()) {
          plan = proposal.get().plan();
          double[] before = slowness;
          slowness = proposal.get().order().stream().mapToDouble(at -> before[at]).toArray();
          replanner.adopted(proposal.get());
          changedAt.add(step);
          reasons.add(proposal.get().reason());
          orders.add(proposal.get().order());
        }
      }
    }

    void run(int steps) {
      run(steps, MANY, CHEAP);
    }

    private StepRecord record(StageCosts costs, long wall) {
      List<StageStep> stages = new ArrayList<>();
      for (int s = 0; s < slowness.length; s++) {
        List<Span> spans = new ArrayList<>();
        long at = 0;
        for (int m = 0; m < microBatches; m++) {
          spans.add(new Span(new Action.Forward(s, m), at, at + costs.forward().get(s)));
          at += costs.forward().get(s);
          spans.add(new Span(new Action.Backward(s, m), at, at + costs.backward().get(s)));
          at += costs.backward().get(s);
        }
        stages.add(new StageStep(s, s, step, 0, Loss.none(), 1, 0, wall, spans, traffic, 1));
      }
      return new StepRecord(step, 1, 1, false, 1, wall, 0, 0, 0, stages);
    }

    /** The least that a step could take by any cut within the memory. */
    private long best() {
      StageTime exact =
          (stage, first, end) ->
              IntStream.iterate(stage, s -> s < slowness.length, s -> s + request.stages())
                  .mapToLong(executor -> 3 * forward(executor, first, end))
                  .max()
                  .orElseThrow();
      return stepNanos(Partitioners.measured(exact).partition(request));
    }

    /** The same, with the devices in any order. */
    private long bestInAnyOrder() {
      double[] now = slowness;
      long best =
          Permutations.of(now.length).stream()
              .mapToLong(
                  order -> {
                    slowness = order.stream().mapToDouble(at -> now[at]).toArray();
                    return best();
                  })
              .min()
              .orElseThrow();
      slowness = now;
      return best;
    }
  }

  private ModelCosts model() {
    return new ModelCosts(
        IntStream.range(0, layers.size())
            .mapToObj(i -> new LayerCost(i, "l" + i, "Dense", 100, 400, 8, 8, 0, 1, 2))
            .toList(),
        8,
        4);
  }

  private static ReplanRules rules() {
    return new ReplanRules(0.1, 1000, 6);
  }

  @Test
  void aDeviceThatBecomesSlowIsRelievedWithinTwentySteps() {
    int relieved = 0;
    for (int stages = 2; stages <= 4; stages++) {
      for (int slow = 0; slow < stages; slow++) {
        World world = new World(stages, DeviceLimits.UNLIMITED, rules());
        world.run(30 + slow);
        assertThat(world.changedAt).as("nothing was wrong").isEmpty();
        world.slowness[slow] = 3;
        long before = world.stepNanos(world.plan);
        world.run(20);
        boolean isWorthIt = world.best() <= 0.9 * before;
        assertThat(world.changedAt).as("stage %d of %d", slow, stages).hasSize(isWorthIt ? 1 : 0);
        assertThat(world.stepNanos(world.plan))
            .as("as good as can be")
            .isLessThanOrEqualTo(before)
            .isLessThanOrEqualTo(Math.round(1.1 * world.best()));
        assertThat(world.brought).hasSameSizeAs(world.changedAt);
        relieved += isWorthIt ? 1 : 0;
      }
    }
    assertThat(relieved).isGreaterThan(5);
  }

  @Test
  void whenTheDeviceRecoversItsLayersComeBack() {
    World world = new World(3, DeviceLimits.UNLIMITED, rules());
    Plan first = world.plan;
    world.slowness[1] = 3;
    world.run(20);
    assertThat(world.plan).isNotEqualTo(first);
    world.slowness[1] = 1;
    world.run(40);
    assertThat(world.plan.stages()).isEqualTo(first.stages());
    assertThat(world.changedAt).hasSize(2);
  }

  @Test
  void noiseMovesNothing() {
    noise = 0.15;
    World world = new World(4, DeviceLimits.UNLIMITED, rules());
    world.run(400);
    assertThat(world.changedAt).isEmpty();
  }

  @Test
  void aMomentsDisturbanceMovesNothing() {
    World world = new World(3, DeviceLimits.UNLIMITED, rules());
    world.run(16);
    world.slowness[2] = 5;
    world.run(4);
    world.slowness[2] = 1;
    world.run(40);
    assertThat(world.changedAt).isEmpty();
  }

  @Test
  void whatDoesNotPayIsLeft() {
    World world = new World(2, DeviceLimits.UNLIMITED, rules());
    world.slowness[0] = 3;
    long gain = world.stepNanos(world.plan) - world.best();
    world.run(40, 10, 10 * gain + CHEAP);
    assertThat(world.changedAt).as("ten steps are left").isEmpty();
    world.run(40, MANY, 1000 * gain + CHEAP);
    assertThat(world.changedAt).as("a thousand steps do not repay it").isEmpty();
    world.run(10, MANY, 900 * gain);
    assertThat(world.changedAt).hasSize(1);
  }

  @Test
  void theMemoryLimitHolds() {
    // Each layer takes 1.2 kB for its weights: five of eight fit on a device.
    World world = new World(2, 6_500, rules());
    world.slowness[0] = 9;
    world.run(40);
    assertThat(world.plan.stages().get(1).layers()).isEqualTo(5);
    assertThat(world.plan.stages()).allMatch(stage -> stage.memory().total() <= 6_500);
  }

  /** The slow device has room for all, and the fast one for six layers of eight. */
  @Test
  void whatEachDeviceMayHoldHolds() {
    devices = (stage, device) -> stage == device;
    World world = new World(2, DeviceLimits.UNLIMITED, rules());
    world.limits = new DeviceLimits(List.of(DeviceLimits.UNLIMITED, 7_700L));
    world.slowness[0] = 9;
    world.run(40);
    assertThat(world.plan.stages().get(1).layers()).isEqualTo(6);
    assertThat(world.plan.stages().get(1).memory().total()).isLessThanOrEqualTo(7_700);
  }

  /** The last layer is heavy, and cannot be divided: its device should not be the slow one. */
  @Test
  void aSlowDeviceChangesPlacesWhereThatIsBetterThanAnyCut() {
    layers = List.of(4L, 4L, 4L, 4L, 4L, 4L, 4L, 20L);
    World world = new World(3, DeviceLimits.UNLIMITED, rules());
    world.slowness[2] = 2;
    long before = world.stepNanos(world.plan);
    world.run(20);
    assertThat(world.changedAt).hasSize(1);
    assertThat(world.slowness[2]).as("another device is last").isEqualTo(1);
    assertThat(world.stepNanos(world.plan))
        .isLessThanOrEqualTo(Math.round(1.1 * world.bestInAnyOrder()))
        .isLessThan(Math.round(0.7 * before));
    assertThat(world.reasons.get(0))
        .contains("executor 2 takes 2.00 times", "and becomes executor");
  }

  /** Two executors are far from a third one, which should be at an end of the line. */
  @Test
  void executorsThatAreNearEachOtherBecomeNeighbours() {
    hops = (from, to, bytes) -> from == 1 || to == 1 ? 30 : 1;
    World world = new World(3, DeviceLimits.UNLIMITED, rules());
    world.traffic =
        Traffic.sent(8, 10_000_000, Narrowing.none()).plus(Traffic.received(8, 10_000_000));
    world.run(12);
    assertThat(world.changedAt).hasSize(1);
    assertThat(world.orders.get(0).get(1)).as("between the others").isNotEqualTo(1);

    World near = new World(3, DeviceLimits.UNLIMITED, rules());
    near.traffic = Traffic.sent(8, 1_000, Narrowing.none()).plus(Traffic.received(8, 1_000));
    near.run(12);
    assertThat(near.changedAt).as("hops make no difference to a step").isEmpty();
  }

  /** As before, but its last stage is wanted on a machine that only one other device is on. */
  @Test
  void aStageStaysOnTheMachineThatItIsWantedOn() {
    layers = List.of(4L, 4L, 4L, 4L, 4L, 4L, 4L, 20L);
    devices = (stage, device) -> stage != 2 || device >= 1;
    World moved = new World(3, DeviceLimits.UNLIMITED, rules());
    moved.slowness = new double[] {1.2, 1, 2};
    moved.run(20);
    assertThat(moved.slowness[2]).as("the other device of that machine").isEqualTo(1);
    devices = (stage, device) -> stage != 2 || device == 2;
    World still = new World(3, DeviceLimits.UNLIMITED, rules());
    still.slowness[2] = 2;
    still.run(20);
    assertThat(still.slowness[2]).as("there is no other").isEqualTo(2);
  }

  /** The slow device is relieved of what is not wanted there. */
  @Test
  void whatIsWantedInAStageStaysThere() {
    pins = new LayerPins(List.of(new LayerPin("0-2:0", 0, 2, 0)));
    devices = (stage, device) -> stage == device;
    World world = new World(2, DeviceLimits.UNLIMITED, rules());
    world.slowness[0] = 9;
    world.run(40);
    assertThat(world.changedAt).isNotEmpty();
    assertThat(world.plan.stages().get(0).layers()).isEqualTo(3);
  }

  /** All replicas have the same cut, and wait for the slowest. */
  @Test
  void aSlowDeviceOfAReplicaIsRelievedInAll() {
    for (int slow = 0; slow < 4; slow++) {
      World world = new World(2, 2, DeviceLimits.UNLIMITED, rules());
      world.run(20);
      assertThat(world.changedAt).as("nothing was wrong").isEmpty();
      world.slowness[slow] = 3;
      long before = world.stepNanos(world.plan);
      world.run(20);
      assertThat(world.changedAt).as("executor %d", slow).hasSize(1);
      assertThat(world.stepNanos(world.plan))
          .isLessThan(Math.round(0.7 * before))
          .isLessThanOrEqualTo(Math.round(1.01 * world.bestInAnyOrder()));
    }
  }

  /**
   * One slow device in each stage, and each in another replica: together they hold up one stage.
   */
  @Test
  void slowDevicesOfReplicasComeToHaveTheSameLayers() {
    World world = new World(2, 2, DeviceLimits.UNLIMITED, rules());
    world.slowness = new double[] {3, 1, 1, 3};
    long before = world.stepNanos(world.plan);
    world.run(20);
    assertThat(world.changedAt).hasSize(1);
    assertThat(world.slowness[0]).isEqualTo(world.slowness[2]);
    assertThat(world.slowness[1]).isEqualTo(world.slowness[3]);
    assertThat(world.stepNanos(world.plan))
        .isLessThan(Math.round(0.7 * before))
        .isLessThanOrEqualTo(Math.round(1.01 * world.bestInAnyOrder()));
  }

  /** As before, but nobody may leave the stage that it is in. */
  @Test
  void pinsOfReplicasHold() {
    devices = (place, device) -> place % 2 == device % 2;
    World world = new World(2, 2, DeviceLimits.UNLIMITED, rules());
    world.slowness = new double[] {3, 1, 1, 3};
    world.run(30);
    assertThat(world.changedAt).as("no cut is better").isEmpty();
    world.slowness = new double[] {3, 1, 1, 1};
    world.run(30);
    assertThat(world.changedAt).hasSize(1);
    assertThat(world.slowness).containsExactly(3, 1, 1, 1);
  }

  /** The least that a step takes by any cut, for two or three stages. */
  private static long bestOfAllCuts(World world) {
    int stages = world.request.stages();
    int layers = world.request.model().size();
    long best = Long.MAX_VALUE;
    for (int first = 1; first < layers; first++) {
      for (int second = first + 1; second < (stages == 3 ? layers : first + 2); second++) {
        List<Integer> cut = stages == 3 ? List.of(0, first, second) : List.of(0, first);
        Plan other = Partitioners.given(cut).partition(world.request);
        best = Math.min(best, world.stepNanos(other));
      }
    }
    return best;
  }

  @Test
  void stagesThatShareAnExecutorGetFewerLayersUntilTheyAreSpreadOut() {
    layers = Collections.nCopies(12, 4L);
    microBatches = 8;
    World world = new World(3, DeviceLimits.UNLIMITED, rules());
    Plan first = world.plan;
    world.run(20);
    world.placedOn(2);
    long before = world.stepNanos(world.plan);
    world.run(20);
    assertThat(world.changedAt).hasSize(1);
    assertThat(world.reasons.get(0)).endsWith("(2 executors have the places of 3)");
    assertThat(world.stepNanos(world.plan))
        .isLessThan(before * 9 / 10)
        .isLessThanOrEqualTo(Math.round(1.05 * bestOfAllCuts(world)));

    world.placedOn(1);
    world.run(20);
    assertThat(world.changedAt).as("any cut is as good on one").hasSize(1);

    world.placedOn(3);
    world.run(20);
    assertThat(world.changedAt).hasSize(2);
    assertThat(world.plan.stages()).isEqualTo(first.stages());
  }

  @Test
  void placesThatShareAnExecutorAreNotExchanged() {
    devices =
        (place, device) -> {
          throw new AssertionError("there is nothing to be asked");
        };
    World world = new World(2, 2, DeviceLimits.UNLIMITED, rules());
    world.placedOn(3);
    world.slowness[3] = 4;
    world.run(30);
    assertThat(world.slowness).containsExactly(1, 1, 1, 4);
  }

  @Test
  void thereIsABoundOnHowOften() {
    World world = new World(2, DeviceLimits.UNLIMITED, new ReplanRules(0.1, 1000, 3));
    for (int i = 0; i < 10; i++) {
      world.slowness[0] = i % 2 == 0 ? 4 : 1;
      world.run(60);
    }
    assertThat(world.changedAt).hasSize(3);
    nanoTime = Duration.ofMinutes(61).toNanos();
    world.run(60);
    assertThat(world.changedAt).as("an hour later").hasSize(4);
  }

  @Test
  void afterStagesArePlacedAnewNothingSeenBeforeCounts() {
    World world = new World(2, DeviceLimits.UNLIMITED, rules());
    world.slowness[0] = 3;
    world.run(7);
    world.placedOn(2);
    world.run(9);
    assertThat(world.changedAt).as("two steps to settle, and two looks at four").isEmpty();
    world.run(1);
    assertThat(world.changedAt).hasSize(1);
  }

  @Test
  void thePersonReadsWhatWasSeenAndWhatChanges() {
    World world = new World(2, DeviceLimits.UNLIMITED, rules());
    world.slowness[1] = 3;
    for (int i = 0; i < 8; i++) {
      StageCosts costs = world.costs(world.plan);
      world.replanner.observe(
          world.record(costs, Simulator.simulate(world.schedule, costs).makespan()),
          world.schedule);
    }
    assertThat(world.replanner.propose(MANY, CHEAP))
        .get()
        .extracting(Proposal::reason)
        .asString()
        .matches(
            "Cut anew after step 1: layers 0-5 \\| 6-7, not 0-3 \\| 4-7; a step's stages should take \\d+ ms, not"
                + " \\d+ \\(executor 1 takes 3.00 times as long for its layers as the fastest\\)");
  }
}
