package io.stagecoach.replan;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DevicePins;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.MemoryRules;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Permutations;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.Stash;
import io.stagecoach.plan.StashSlots;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Executors that are not equally far from each other, against all orders of them. */
class HopOrderProperties {

  private static final int LAYERS = 9;
  private static final int MICRO_BATCHES = 6;
  private static final DevicePins ANYWHERE = (stage, device) -> true;

  /** A case: what layers take forward, in nanoseconds, and hops from each executor to each. */
  private record World(int executors, List<Long> layers, Map<Set<Integer>, Long> hops) {

    static World of(int executors, Random random) {
      Map<Set<Integer>, Long> hops = new HashMap<>();
      for (int from = 0; from < executors; from++) {
        for (int to = 0; to < from; to++) {
          hops.put(
              Set.of(from, to),
              (long) (random.nextInt(3) == 0 ? 20 + random.nextInt(300) : random.nextInt(20)));
        }
      }
      return new World(executors, random.longs(LAYERS, 10, 60).boxed().toList(), hops);
    }

    PlanRequest request() {
      List<LayerCost> costs = new ArrayList<>();
      for (int i = 0; i < LAYERS; i++) {
        costs.add(new LayerCost(i, "l" + i, "Dense", 1, 4, 4, 4, 0, 1, 2));
      }
      return new PlanRequest(
          new ModelCosts(costs, 4, 4),
          executors(),
          new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(executors()), 1),
          DeviceLimits.UNLIMITED);
    }

    LayerEstimates estimates() {
      return new LayerEstimates(layers, layers.stream().map(time -> 2 * time).toList());
    }

    Schedule schedule() {
      return new OneForwardOneBackward().schedule(new PipelineShape(executors(), MICRO_BATCHES));
    }

    /** The cut for alike devices: what executors take is no matter of the order. */
    Plan cut() {
      return Partitioners.measured(layers.stream().map(time -> 3 * time).toList(), layers)
          .partition(request());
    }

    /** A step in this order, from the simulator alone. */
    long step(List<Integer> order) {
      List<Long> forward =
          cut().stages().stream()
              .map(
                  stage ->
                      layers.subList(stage.firstLayer(), stage.endLayer()).stream()
                          .mapToLong(Long::longValue)
                          .sum())
              .toList();
      List<Long> between =
          IntStream.range(1, executors())
              .mapToObj(place -> hops.get(Set.of(order.get(place - 1), order.get(place))))
              .toList();
      return Simulator.simulate(
              schedule(),
              new StageCosts(forward, forward.stream().map(time -> 2 * time).toList(), 0)
                  .withHops(between))
          .makespan();
    }

    CutSearch.Found found(DevicePins pins, double worthAMove) {
      CutSearch search =
          new CutSearch(
              request(),
              1,
              pins,
              estimates(),
              StepTime.streaming(),
              new CutSearch.Effort(worthAMove, 600));
      List<DeviceTimes> alike =
          IntStream.range(0, executors())
              .mapToObj(executor -> new DeviceTimes("e" + executor, "host", 1, 1))
              .toList();
      HopEstimates estimated = (from, to, bytes) -> hops.get(Set.of(from, to));
      DeviceSpeeds speeds = DeviceSpeeds.of(alike, 1);
      StageCosts costs =
          speeds.costs(
              cut(),
              StageCosts.equal(executors(), 1, 2, 0),
              search.hops(cut(), estimated),
              estimates());
      long now = StepTime.streaming().of(schedule(), costs);
      return search
          .best(new CutSearch.Now(speeds, DeviceLimits.NONE, costs, estimated, schedule(), now))
          .orElseThrow();
    }
  }

  private static long best(World world, DevicePins pins) {
    return Permutations.of(world.executors()).stream()
        .filter(
            order ->
                IntStream.range(0, order.size())
                    .allMatch(place -> pins.allow(place, order.get(place))))
        .mapToLong(world::step)
        .min()
        .orElseThrow();
  }

  @Property(tries = 300)
  void noOrderOfAFewIsFaster(
      @ForAll @IntRange(min = 2, max = 4) int executors, @ForAll Random random) {
    World world = World.of(executors, random);
    CutSearch.Found found = world.found(ANYWHERE, 0);
    assertThat(found.stepNanos()).isEqualTo(world.step(found.order()));
    assertThat(found.stepNanos()).isEqualTo(best(world, ANYWHERE));
  }

  @Property(tries = 200)
  void pinsHold(@ForAll @IntRange(min = 2, max = 4) int executors, @ForAll Random random) {
    World world = World.of(executors, random);
    DevicePins pins = (stage, device) -> stage != 0 || device == 0;
    CutSearch.Found found = world.found(pins, 0);
    assertThat(found.order().get(0)).isZero();
    assertThat(found.stepNanos()).isEqualTo(best(world, pins));
  }

  @Property(tries = 100)
  void whatIsNotWorthItIsLeft(
      @ForAll @IntRange(min = 3, max = 4) int executors, @ForAll Random random) {
    World world = World.of(executors, random);
    List<Integer> asTheyAre = IntStream.range(0, executors).boxed().toList();
    long now = world.step(asTheyAre);
    CutSearch.Found found = world.found(ANYWHERE, 0.2);
    boolean isWorthIt = now - best(world, ANYWHERE) >= 0.2 * now;
    assertThat(found.order().equals(asTheyAre)).isEqualTo(!isWorthIt);
  }

  /** Of more executors not all orders are looked at. */
  @Example
  void ofMoreExecutorsItIsNearTheBest() {
    Random random = new Random(5);
    int best = 0;
    double worst = 1;
    for (int i = 0; i < 40; i++) {
      World world = World.of(6, random);
      long found = world.found(ANYWHERE, 0).stepNanos();
      long least = best(world, ANYWHERE);
      best += found == least ? 1 : 0;
      worst = Math.max(worst, (double) found / least);
    }
    assertThat(best).as("of 40, of which %.3f is the worst", worst).isGreaterThanOrEqualTo(20);
    assertThat(worst).isLessThan(1.1);
  }
}
