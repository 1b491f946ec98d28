package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.engine.profile.LayerTimes;
import io.stagecoach.engine.profile.PairTimes;
import io.stagecoach.engine.profile.PassTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.engine.profile.SizeTimes;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Permutations;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.plan.Stash;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against all cuts and all orders. */
class DevicePlanTest {

  private static final int BATCH = 64;
  private static final int MICRO_BATCHES = 8;
  private static final int ROWS = BATCH / MICRO_BATCHES;
  private static final MultiLayerConfiguration NETWORK =
      ModelPresets.named("mlp")
          .configuration(new DataShape.Table(4, 3), Map.of("hidden", "8,8,8,8,8,8,8,8"));
  private static final int LAYERS = NETWORK.getConfs().size();

  private static boolean anywhere(int place, DeviceTimes device) {
    return true;
  }

  private static StagecoachConf conf(int stages, int replicas) {
    return StagecoachConf.from(
        new SparkConf(false)
            .set("spark.stagecoach.batchSize", String.valueOf(BATCH))
            .set("spark.stagecoach.microBatches", String.valueOf(MICRO_BATCHES))
            .set("spark.stagecoach.stages", String.valueOf(stages))
            .set("spark.stagecoach.replicas", String.valueOf(replicas))
            .set("spark.stagecoach.partitioner", "measured"));
  }

  private static ModelCosts costs(int rows) {
    return LayerCosts.of(NETWORK, rows, 1);
  }

  /** Each layer's forward pass takes so many microseconds, and its backward pass twice that. */
  private static RunProfile profile(List<Long> forward) {
    List<PassTimes> layers =
        forward.stream()
            .map(micros -> new PassTimes(micros * 1_000, micros * 2_000, 0, 0))
            .toList();
    return new RunProfile(
        BATCH, costs(ROWS), new LayerTimes(List.of(new SizeTimes(ROWS, layers))), HopTimes.NONE, 1);
  }

  private static List<DeviceTimes> devices(List<Integer> slowness) {
    return IntStream.range(0, slowness.size())
        .mapToObj(
            i ->
                new DeviceTimes(
                    "e" + i, "host", 1_000L * slowness.get(i), 2_000L * slowness.get(i)))
        .toList();
  }

  private static Optional<DevicePlan> plan(
      StagecoachConf conf,
      RunProfile profile,
      List<DeviceTimes> devices,
      BiPredicate<Integer, DeviceTimes> mayHave) {
    return plan(conf, profile, devices, DeviceLimits.NONE, mayHave);
  }

  private static Optional<DevicePlan> plan(
      StagecoachConf conf,
      RunProfile profile,
      List<DeviceTimes> devices,
      DeviceLimits limits,
      BiPredicate<Integer, DeviceTimes> mayHave) {
    TrainingPlan alike =
        PipelineChoices.of(conf, new Configuration(false), DevicePlanTest::costs)
            .by(profile)
            .plan();
    return DevicePlan.of(
        alike,
        alike.request(conf),
        PartCosts.measured(profile, alike, conf.exchange()),
        devices,
        limits,
        mayHave);
  }

  /** The time of the slowest stage of a cut, by forward passes in microseconds. */
  private static long slowest(List<Long> layers, List<Integer> cut, List<Integer> slowness) {
    long slowest = 0;
    for (int stage = 0; stage < cut.size(); stage++) {
      int end = stage + 1 < cut.size() ? cut.get(stage + 1) : layers.size();
      long sum = layers.subList(cut.get(stage), end).stream().mapToLong(Long::longValue).sum();
      slowest = Math.max(slowest, sum * slowness.get(stage));
    }
    return slowest;
  }

  private static Stream<List<Integer>> cuts() {
    return IntStream.range(1, LAYERS)
        .boxed()
        .flatMap(
            first ->
                IntStream.range(first + 1, LAYERS).mapToObj(second -> List.of(0, first, second)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void theSlowestStageIsAsFastAsByAnyCutAndOrder(long seed) {
    Random random = new Random(seed);
    List<Long> layers = random.longs(LAYERS, 50, 400).boxed().toList();
    List<Integer> slowness = random.ints(3, 1, 5).boxed().toList();
    List<DeviceTimes> devices = devices(slowness);
    DevicePlan found =
        plan(conf(3, 1), profile(layers), devices, DevicePlanTest::anywhere).orElseThrow();
    List<Integer> cut =
        found.plan().plan().stages().stream().map(PlannedStage::firstLayer).toList();
    List<Integer> seated =
        found.seats().stream().map(id -> slowness.get(Integer.parseInt(id.substring(1)))).toList();
    assertThat(found.seats()).containsExactlyInAnyOrder("e0", "e1", "e2");
    long best =
        Permutations.of(3).stream()
            .flatMap(
                order ->
                    cuts()
                        .map(
                            any ->
                                slowest(layers, any, order.stream().map(slowness::get).toList())))
            .mapToLong(Long::longValue)
            .min()
            .orElseThrow();
    // What makes the slowest stage faster is not taken where a step does not become shorter by it.
    assertThat((double) slowest(layers, cut, seated)).isLessThanOrEqualTo(1.05 * best);
    List<Long> expected = new ArrayList<>();
    int fastest = slowness.stream().mapToInt(Integer::intValue).min().orElseThrow();
    for (int stage = 0; stage < 3; stage++) {
      int end = stage < 2 ? cut.get(stage + 1) : LAYERS;
      long sum = layers.subList(cut.get(stage), end).stream().mapToLong(Long::longValue).sum();
      expected.add(1_000 * sum * seated.get(stage) / fastest);
    }
    assertThat(found.times().orElseThrow().forward()).isEqualTo(expected);
  }

  /** Executors that are equally fast, of which some may hold less, by any partitioner's costs. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void whatExecutorsMayHoldIsKeptAndNoOtherWayIsFaster(long seed) {
    Random random = new Random(seed);
    List<Long> layers = random.longs(LAYERS, 50, 400).boxed().toList();
    StagecoachConf conf = conf(3, 1);
    TrainingPlan alike =
        PipelineChoices.of(conf, new Configuration(false), DevicePlanTest::costs)
            .by(profile(layers))
            .plan();
    PlanRequest request = alike.request(conf);
    List<Long> needed = request.needed(alike.plan());
    // Two that hold what the alike plan needs at most, and one that holds half of its least.
    long most = needed.stream().mapToLong(Long::longValue).max().orElseThrow();
    long little = needed.stream().mapToLong(Long::longValue).min().orElseThrow() * 2 / 3;
    List<Long> limits = new ArrayList<>(List.of(2 * most, 2 * most, 2 * most));
    limits.set(random.nextInt(3), little);
    Optional<DevicePlan> found =
        plan(
            conf,
            profile(layers),
            devices(List.of(1, 1, 1)),
            new DeviceLimits(limits),
            DevicePlanTest::anywhere);
    List<Long> allowed = new ArrayList<>();
    for (List<Integer> order : Permutations.of(3)) {
      cuts()
          .filter(cut -> fits(request, cut, order.stream().map(limits::get).toList()))
          .forEach(cut -> allowed.add(slowest(layers, cut, List.of(1, 1, 1))));
    }
    assertThat(found.isEmpty()).isEqualTo(allowed.isEmpty());
    found.ifPresent(
        plan -> {
          List<Integer> cut =
              plan.plan().plan().stages().stream().map(PlannedStage::firstLayer).toList();
          assertThat(
                  fits(
                      request,
                      cut,
                      plan.seats().stream()
                          .map(id -> limits.get(Integer.parseInt(id.substring(1))))
                          .toList()))
              .isTrue();
          assertThat((double) slowest(layers, cut, List.of(1, 1, 1)))
              .isLessThanOrEqualTo(1.05 * Collections.min(allowed));
          assertThat(plan.reason())
              .contains(" on host may hold ")
              .contains(", where such that are alike would have " + alike.plan().ranges());
        });
  }

  private static boolean fits(PlanRequest request, List<Integer> cut, List<Long> limits) {
    for (int stage = 0; stage < cut.size(); stage++) {
      int end = stage + 1 < cut.size() ? cut.get(stage + 1) : LAYERS;
      long needed =
          request
              .memory()
              .estimate(
                  request.model().stage(cut.get(stage), end), Stash.ACTIVATIONS, stage, cut.size())
              .total();
      if (needed > limits.get(stage)) {
        return false;
      }
    }
    return true;
  }

  /** Two on each of two hosts, between which a hop takes fifty times as long as within one. */
  @Test
  void executorsOfOneHostBecomeNeighbours() {
    List<Long> layers = IntStream.range(0, LAYERS).mapToObj(i -> 400L).toList();
    List<PairTimes> pairs = new ArrayList<>();
    for (int one = 0; one < 4; one++) {
      for (int other = 0; other < one; other++) {
        // Those of even numbers are on one host, the others on the other.
        long nanos = one % 2 == other % 2 ? 100_000 : 5_000_000;
        pairs.add(new PairTimes("e" + other, "e" + one, new HopTimes(nanos, 0)));
      }
    }
    DevicePlan found =
        plan(
                conf(4, 1),
                profile(layers).between(pairs),
                devices(List.of(1, 1, 1, 1)),
                DevicePlanTest::anywhere)
            .orElseThrow();
    List<Integer> seats =
        found.seats().stream().map(id -> Integer.parseInt(id.substring(1)) % 2).toList();
    assertThat(seats).isIn(List.of(0, 0, 1, 1), List.of(1, 1, 0, 0));
    assertThat(found.reason())
        .matches(
            "a hop of [0-9.]+ .?i?B takes 5\\.00 ms between executors e\\d and e\\d and 0\\.10 between"
                + " e\\d and e\\d: layers .*");
  }

  @Test
  void aPersonReadsWhichIsSlowAndWhatFollows() {
    List<Long> layers = IntStream.range(0, LAYERS).mapToObj(i -> 100L).toList();
    DevicePlan found =
        plan(conf(2, 1), profile(layers), devices(List.of(1, 2)), DevicePlanTest::anywhere)
            .orElseThrow();
    assertThat(found.reason())
        .matches(
            "executor e1 on host takes 2\\.00 times as long as the fastest: layers 0-5 \\| 6-8 on"
                + " executors e0, e1, where such that are alike would have 0-[34] \\| [45]-8;"
                + " simulated step [0-9.]+ ms, not [0-9.]+");
  }

  @Test
  void pinsHoldAndReplicasAreCutAlike() {
    List<Long> layers = IntStream.range(0, LAYERS).mapToObj(i -> 100L).toList();
    List<DeviceTimes> devices = devices(List.of(1, 3, 1, 3));
    DevicePlan pinned =
        plan(
                conf(2, 2),
                profile(layers),
                devices,
                (place, device) -> device.equals(devices.get(place)))
            .orElseThrow();
    assertThat(pinned.seats()).containsExactly("e0", "e1", "e2", "e3");
    assertThat(pinned.plan().plan().stages().get(1).firstLayer()).isGreaterThan(5);
    assertThat(pinned.plan().replicas()).isEqualTo(2);

    // Those that are alike come to have the same layers.
    DevicePlan free =
        plan(conf(2, 2), profile(layers), devices(List.of(1, 1, 3, 3)), DevicePlanTest::anywhere)
            .orElseThrow();
    List<String> first = List.of(free.seats().get(0), free.seats().get(2));
    assertThat(first).isIn(List.of("e0", "e1"), List.of("e1", "e0"));
  }
}
