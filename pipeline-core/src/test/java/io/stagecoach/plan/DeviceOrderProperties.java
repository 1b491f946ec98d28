package io.stagecoach.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** The order of devices against every order with every cut. */
class DeviceOrderProperties {

  private static final int LAYERS = 7;

  private static final DevicePins ANYWHERE = (stage, device) -> true;

  private static PlanRequest request(int stages, List<Integer> stashes, long limit) {
    return request(stages, stashes, limit, LayerPins.NONE);
  }

  private static PlanRequest request(
      int stages, List<Integer> stashes, long limit, LayerPins pins) {
    return request(stages, stashes, limit, pins, StashRule.everywhere(Stash.ACTIVATIONS));
  }

  private static PlanRequest request(
      int stages, List<Integer> stashes, long limit, LayerPins pins, StashRule rule) {
    List<LayerCost> layers = new ArrayList<>();
    for (int i = 0; i < LAYERS; i++) {
      layers.add(Costs.layer(i, 1, stashes.get(i), stashes.get(LAYERS - 1 - i), stashes.get(i)));
    }
    // Early stages hold more micro-batches than late ones, as in 1F1B.
    MemoryRules rules = new MemoryRules(rule, (stage, all) -> all - stage, 1);
    return new PlanRequest(
        new ModelCosts(layers, 8, 4), stages, rules, DeviceLimits.everywhere(limit), 1, pins);
  }

  /** Each device has its own time for each layer. */
  private static StageTime times(List<Integer> perDeviceAndLayer) {
    return (device, first, end) ->
        IntStream.range(first, end)
            .mapToLong(layer -> perDeviceAndLayer.get(device * LAYERS + layer))
            .sum();
  }

  /** The least time of the slowest stage among all cuts that fit; -1 where none does. */
  private static long least(PlanRequest request, StageTime times, List<Integer> order) {
    return least(request, times, order, 0, 0);
  }

  private static long least(
      PlanRequest request, StageTime times, List<Integer> order, int stage, int first) {
    boolean isLast = stage == request.stages() - 1;
    long best = -1;
    for (int end = isLast ? LAYERS : first + 1; end <= LAYERS; end++) {
      if (!fits(request, order.get(stage), stage, first, end, leanest(request, stage))) {
        continue;
      }
      if (!keeps(request.pins(), stage, first, end)) {
        continue;
      }
      long rest = isLast ? 0 : end == LAYERS ? -1 : least(request, times, order, stage + 1, end);
      if (rest >= 0) {
        long slowest = Math.max(rest, time(request, times, order.get(stage), stage, first, end));
        best = best < 0 ? slowest : Math.min(best, slowest);
      }
    }
    return best;
  }

  private static boolean fits(
      PlanRequest request, int device, int stage, int first, int end, Stash stash) {
    return request.estimate(request.model().stage(first, end), stash, stage).total()
        <= request.limits().of(device);
  }

  private static Stash leanest(PlanRequest request, int stage) {
    return request.stashes(stage).get(request.stashes(stage).size() - 1);
  }

  /** The least of what the stage takes, over all that it may keep and that fits. */
  private static long time(
      PlanRequest request, StageTime times, int device, int stage, int first, int end) {
    return request.stashes(stage).stream()
        .filter(stash -> fits(request, device, stage, first, end, stash))
        .mapToLong(
            stash ->
                times.of(device, first, end)
                    + (stash == Stash.INPUTS ? times.again(device, first, end) : 0))
        .min()
        .orElseThrow();
  }

  private static boolean keeps(LayerPins pins, int stage, int first, int end) {
    return pins.all().stream()
        .allMatch(
            pin ->
                IntStream.rangeClosed(pin.first(), pin.last())
                    .allMatch(layer -> layer < first || layer >= end || pin.stage() == stage));
  }

  @Property(tries = 1000)
  void noOtherOrderIsFaster(
      @ForAll @IntRange(min = 1, max = 4) int stages,
      @ForAll @Size(4 * LAYERS) List<@IntRange(min = 0, max = 30) Integer> perDeviceAndLayer,
      @ForAll @Size(LAYERS) List<@IntRange(min = 0, max = 30) Integer> stashes,
      @ForAll @LongRange(min = 200, max = 4000) long limit) {
    compare(request(stages, stashes, limit), ANYWHERE, perDeviceAndLayer);
  }

  /** Stages whose activations do not fit run forward twice, which a slow device feels most. */
  @Property(tries = 1500)
  void noOtherOrderIsFasterWhereStagesMayRecompute(
      @ForAll @IntRange(min = 1, max = 4) int stages,
      @ForAll @Size(4 * LAYERS) List<@IntRange(min = 0, max = 30) Integer> perDeviceAndLayer,
      @ForAll @Size(LAYERS) List<@IntRange(min = 0, max = 30) Integer> stashes,
      @ForAll @LongRange(min = 200, max = 1500) long limit) {
    PlanRequest request =
        request(stages, stashes, limit, LayerPins.NONE, StashRule.asMemoryAllows());
    StageTime whole = times(perDeviceAndLayer);
    compare(
        request,
        ANYWHERE,
        StageTime.of(whole, (device, first, end) -> whole.of(device, first, end) / 3));
  }

  /** Where no cut fits the devices as they are, an order in which one does is the best. */
  @Property(tries = 2000)
  void noOtherOrderIsFasterWhereMemoryDiffers(
      @ForAll @IntRange(min = 1, max = 4) int stages,
      @ForAll @Size(4 * LAYERS) List<@IntRange(min = 0, max = 30) Integer> perDeviceAndLayer,
      @ForAll @Size(LAYERS) List<@IntRange(min = 0, max = 30) Integer> stashes,
      @ForAll @Size(4) List<@LongRange(min = 200, max = 3000) Long> limits,
      @ForAll boolean recompute) {
    PlanRequest request =
        request(
            stages,
            stashes,
            1,
            LayerPins.NONE,
            recompute ? StashRule.asMemoryAllows() : StashRule.everywhere(Stash.ACTIVATIONS));
    StageTime whole = times(perDeviceAndLayer);
    compare(
        request.within(new DeviceLimits(limits.subList(0, stages))),
        ANYWHERE,
        StageTime.of(whole, (device, first, end) -> whole.of(device, first, end) / 3));
  }

  /** Some layers are wanted in certain stages, and some stages on certain hosts. */
  @Property(tries = 1500)
  void noOtherOrderThatKeepsThePinsIsFaster(
      @ForAll @IntRange(min = 1, max = 4) int stages,
      @ForAll @Size(4 * LAYERS) List<@IntRange(min = 0, max = 30) Integer> perDeviceAndLayer,
      @ForAll @Size(4) List<@IntRange(min = 0, max = 1) Integer> hosts,
      @ForAll @Size(4) List<Boolean> pinned,
      @ForAll @LongRange(min = 400, max = 8000) long limit,
      @ForAll Random random) {
    LayerPins pins = new LayerPins(Pins.some(LAYERS, stages, stages, random));
    Assume.that(Pins.cuts(LAYERS, stages).stream().anyMatch(Pins.kept(pins, stages)));
    DevicePins devices =
        (stage, device) -> !pinned.get(stage) || hosts.get(stage).equals(hosts.get(device));
    compare(
        request(stages, Collections.nCopies(LAYERS, 10), limit, pins), devices, perDeviceAndLayer);
  }

  @Property(tries = 1000)
  void noOtherOrderIsFasterWithoutALimit(
      @ForAll @IntRange(min = 1, max = 4) int stages,
      @ForAll @Size(4 * LAYERS) List<@IntRange(min = 0, max = 30) Integer> perDeviceAndLayer) {
    List<Integer> stashes = Collections.nCopies(LAYERS, 1);
    compare(request(stages, stashes, DeviceLimits.UNLIMITED), ANYWHERE, perDeviceAndLayer);
  }

  /** An order that saves less than was asked for is none; one that saves as much is the best. */
  @Property(tries = 1000)
  void whatIsNotWorthItIsLeft(
      @ForAll @IntRange(min = 2, max = 4) int stages,
      @ForAll @Size(4 * LAYERS) List<@IntRange(min = 20, max = 30) Integer> perDeviceAndLayer,
      @ForAll @DoubleRange(min = 0, max = 0.2) double leastGain) {
    PlanRequest request = request(stages, Collections.nCopies(LAYERS, 1), DeviceLimits.UNLIMITED);
    StageTime times = times(perDeviceAndLayer);
    List<Integer> asTheyAre = IntStream.range(0, stages).boxed().toList();
    long before = least(request, times, asTheyAre);
    long best = best(request, ANYWHERE, times).orElseThrow();
    boolean isWorthIt = best < before && best <= (long) (before * (1 - leastGain));

    List<Integer> found = DeviceOrder.best(request, ANYWHERE, times, leastGain);

    assertThat(least(request, times, found)).isEqualTo(isWorthIt ? best : before);
    assertThat(found.equals(asTheyAre)).isEqualTo(!isWorthIt);
  }

  /** The least time of the slowest stage in any order. */
  private static OptionalLong best(PlanRequest request, DevicePins pins, StageTime times) {
    return Permutations.of(request.stages()).stream()
        .filter(
            order ->
                IntStream.range(0, order.size())
                    .allMatch(stage -> pins.allow(stage, order.get(stage))))
        .mapToLong(order -> least(request, times, order))
        .filter(time -> time >= 0)
        .min();
  }

  private static void compare(
      PlanRequest request, DevicePins pins, List<Integer> perDeviceAndLayer) {
    compare(request, pins, times(perDeviceAndLayer));
  }

  private static void compare(PlanRequest request, DevicePins pins, StageTime times) {
    int stages = request.stages();
    List<Integer> asTheyAre = IntStream.range(0, stages).boxed().toList();
    long before = least(request, times, asTheyAre);
    if (best(request, pins, times).isEmpty()) {
      assertThatThrownBy(() -> DeviceOrder.best(request, pins, times, 0))
          .isInstanceOf(StagecoachException.class);
      return;
    }
    long best = best(request, pins, times).orElseThrow();

    List<Integer> found = DeviceOrder.best(request, pins, times, 0);

    assertThat(found).containsExactlyInAnyOrderElementsOf(asTheyAre);
    assertThat(asTheyAre).allMatch(stage -> pins.allow(stage, found.get(stage)));
    assertThat(least(request, times, found)).isEqualTo(best);
    if (best == before) {
      assertThat(found).isEqualTo(asTheyAre);
    }
    // What the partitioner then finds for devices in this order.
    StageTime ordered =
        StageTime.of(
            (stage, first, end) -> times.of(found.get(stage), first, end),
            (stage, first, end) -> times.again(found.get(stage), first, end));
    List<PlannedStage> cut =
        Partitioners.measured(ordered)
            .partition(request.within(request.limits().inOrder(found)))
            .stages();
    assertThat(
            IntStream.range(0, stages)
                .mapToLong(
                    s ->
                        ordered.of(
                            s, cut.get(s).firstLayer(), cut.get(s).endLayer(), cut.get(s).stash()))
                .max())
        .hasValue(best);
  }

  /** Twelve devices, of which the slowest is where the one heavy layer is. */
  @Example
  void aHeavyLayerIsTakenFromASlowDevice() {
    long[] operations = new long[40];
    Arrays.fill(operations, 10);
    operations[39] = 60;
    PlanRequest request = Costs.request(Costs.times(operations), 12);
    StageTime times =
        (device, first, end) ->
            (device == 11 ? 3 : 1)
                * IntStream.range(first, end).mapToLong(i -> operations[i]).sum();
    List<Integer> order = DeviceOrder.best(request, ANYWHERE, times, 0);
    assertThat(order.get(11)).isNotEqualTo(11);
    assertThat(order).hasSize(12).doesNotHaveDuplicates();
  }
}
