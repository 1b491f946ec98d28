package io.stagecoach.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Where stages update their own weights: whether what executors then hold fits, by hand. */
class SliceMemoryProperties {

  private static ModelCosts model(int layers, Random random) {
    List<LayerCost> costs = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      long own = 4L * random.nextInt(12);
      costs.add(
          new LayerCost(
              i,
              "l",
              "Dense",
              own / 4,
              own + (random.nextInt(3) == 0 ? 8 : 0),
              own,
              own * random.nextInt(3),
              1 + random.nextInt(9),
              random.nextInt(30),
              0,
              random.nextInt(4),
              random.nextInt(7)));
    }
    return new ModelCosts(costs, 8, 4);
  }

  private static PlanRequest request(
      ModelCosts model, int executors, int chunks, int replicas, long limit) {
    MemoryRules rules =
        new MemoryRules(
            StashRule.everywhere(Stash.ACTIVATIONS),
            (stage, all) -> all - stage,
            1,
            Optional.of(new SliceMemory(replicas)));
    return new PlanRequest(
        model, executors * chunks, rules, DeviceLimits.everywhere(limit), chunks, LayerPins.NONE);
  }

  @Property(tries = 2000)
  void noCutThatFitsIsBetter(
      @ForAll @IntRange(min = 1, max = 7) int layers,
      @ForAll @IntRange(min = 1, max = 4) int executors,
      @ForAll @IntRange(min = 1, max = 2) int chunks,
      @ForAll @IntRange(min = 1, max = 3) int replicas,
      @ForAll @LongRange(min = 100, max = 2500) long limit,
      @ForAll Random random) {
    Assume.that(executors * chunks <= layers);
    ModelCosts model = model(layers, random);
    compare(request(model, executors, chunks, replicas, limit), executors, replicas);
  }

  /** Executors of all replicas may hold unlike amounts. */
  @Property(tries = 1500)
  void noCutThatFitsIsBetterWhereMemoryDiffers(
      @ForAll @IntRange(min = 1, max = 6) int layers,
      @ForAll @IntRange(min = 1, max = 3) int executors,
      @ForAll @IntRange(min = 1, max = 2) int chunks,
      @ForAll @IntRange(min = 1, max = 3) int replicas,
      @ForAll @Size(9) List<@LongRange(min = 200, max = 2500) Long> limits,
      @ForAll Random random) {
    Assume.that(executors * chunks <= layers);
    ModelCosts model = model(layers, random);
    compare(
        request(model, executors, chunks, replicas, 1)
            .within(new DeviceLimits(limits.subList(0, executors * replicas))),
        executors,
        replicas);
  }

  private static void compare(PlanRequest request, int executors, int replicas) {
    ModelCosts model = request.model();
    Optional<List<Integer>> best =
        Pins.cuts(model.size(), request.stages()).stream()
            .filter(cut -> fits(request, cut, executors, replicas))
            .min(
                Comparator.comparingLong((List<Integer> cut) -> slowest(model, cut))
                    .thenComparingLong(cut -> sent(model, cut)));
    if (best.isEmpty()) {
      assertThatThrownBy(() -> Partitioners.named("balanced").partition(request))
          .isInstanceOfSatisfying(
              StagecoachException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(ErrorKind.PLAN);
                assertThat(e.remedy()).contains("synchronizer=driver");
              });
      return;
    }
    List<Integer> found =
        Partitioners.named("balanced").partition(request).stages().stream()
            .map(PlannedStage::firstLayer)
            .toList();
    assertThat(fits(request, found, executors, replicas)).isTrue();
    assertThat(slowest(model, found)).isEqualTo(slowest(model, best.get()));
    assertThat(sent(model, found)).isEqualTo(sent(model, best.get()));
  }

  private static int end(ModelCosts model, List<Integer> cut, int stage) {
    return stage + 1 < cut.size() ? cut.get(stage + 1) : model.size();
  }

  private static long slowest(ModelCosts model, List<Integer> cut) {
    long slowest = 0;
    for (int s = 0; s < cut.size(); s++) {
      slowest = Math.max(slowest, model.stage(cut.get(s), end(model, cut, s)).operations());
    }
    return slowest;
  }

  private static long sent(ModelCosts model, List<Integer> cut) {
    return cut.stream().skip(1).mapToLong(model::bytesInto).sum();
  }

  /** Every executor of every replica, as docs/synchronizer.md says who has what. */
  private static boolean fits(PlanRequest request, List<Integer> cut, int executors, int replicas) {
    ModelCosts model = request.model();
    long[] held = new long[replicas * executors];
    for (int place = 0; place < replicas * cut.size(); place++) {
      int stage = place % cut.size();
      int replica = place / cut.size();
      int here = replica * executors + stage % executors;
      StageCost cost = model.stage(cut.get(stage), end(model, cut, stage));
      long own =
          model.layers().subList(cut.get(stage), end(model, cut, stage)).stream()
              .mapToLong(LayerCost::ownBytes)
              .sum();
      long state =
          model.layers().subList(cut.get(stage), end(model, cut, stage)).stream()
              .mapToLong(LayerCost::updaterBytes)
              .sum();
      held[here] +=
          new MemoryRules(Stash.ACTIVATIONS, (s, all) -> all - s, 1)
              .estimate(cost, Stash.ACTIVATIONS, stage, cut.size())
              .total();
      boolean isOwner = stage % replicas == replica;
      held[here] += isOwner ? 3 * own + state + (replicas - 1) * own : own;
      if (isOwner && held.length > 1) {
        held[(here + 1) % held.length] += 3 * own + state + own;
      }
    }
    return IntStream.range(0, held.length)
        .allMatch(executor -> held[executor] <= request.limits().of(executor));
  }

  /** Adam on two executors: eleven times the weights of a stage, where stages are alike. */
  @Example
  void aStageShowsWhatItsExecutorHolds() {
    LayerCost layer = new LayerCost(0, "a", "Dense", 10, 40, 40, 80, 8, 8, 0, 1, 2);
    LayerCost next = new LayerCost(1, "b", "Dense", 10, 40, 40, 80, 8, 8, 0, 1, 2);
    ModelCosts model = new ModelCosts(List.of(layer, next), 8, 4);
    for (int replicas : List.of(1, 2)) {
      Plan plan =
          Partitioners.named("balanced")
              .partition(request(model, 2, 1, replicas, DeviceLimits.UNLIMITED));
      // With two replicas the second one's last stage is mirrored by the first one's first stage.
      assertThat(plan.stages())
          .extracting(stage -> stage.memory().update())
          .containsExactly(replicas == 1 ? 11 * 40L : 12 * 40L, replicas == 1 ? 11 * 40L : 7 * 40L);
    }
    assertThat(
            Partitioners.named("balanced")
                .partition(request(model, 1, 1, 1, DeviceLimits.UNLIMITED))
                .stages()
                .get(0)
                .memory()
                .update())
        .as("nobody mirrors the only one")
        .isEqualTo(5 * 80);
  }
}
