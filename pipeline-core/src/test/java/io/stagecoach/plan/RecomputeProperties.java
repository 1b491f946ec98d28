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
import java.util.stream.Stream;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Which stages run forward again, against every cut with every choice for each stage. */
class RecomputeProperties {

  /** What a cut with its choices comes to; less is better, from the first figure on. */
  private record Price(long slowest, long again, long sent) {

    static final Comparator<Price> CHEAPEST =
        Comparator.comparingLong(Price::slowest)
            .thenComparingLong(Price::again)
            .thenComparingLong(Price::sent);
  }

  private static ModelCosts model(int layers, Random random) {
    List<LayerCost> costs = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      costs.add(
          Costs.layer(
              i,
              3L * random.nextInt(7),
              random.nextInt(15),
              1 + random.nextInt(20),
              random.nextInt(120)));
    }
    return new ModelCosts(costs, 8, 4);
  }

  private static PlanRequest request(ModelCosts model, int stages, long limit, int chunks) {
    MemoryRules rules = new MemoryRules(StashRule.asMemoryAllows(), (stage, all) -> all - stage, 1);
    return new PlanRequest(
        model, stages, rules, DeviceLimits.everywhere(limit), chunks, LayerPins.NONE);
  }

  @Property(tries = 3000)
  void noCutWithOtherChoicesIsBetter(
      @ForAll @IntRange(min = 1, max = 8) int layers,
      @ForAll @IntRange(min = 1, max = 4) int stages,
      @ForAll @LongRange(min = 100, max = 2000) long limit,
      @ForAll Random random) {
    Assume.that(stages <= layers);
    compare(
        Partitioners.named("balanced"),
        request(model(layers, random), stages, limit, 1),
        List.of(1));
  }

  @Property(tries = 2000)
  void noCutWithOtherChoicesIsBetterOnUnlikeDevices(
      @ForAll @IntRange(min = 1, max = 7) int layers,
      @ForAll @IntRange(min = 1, max = 4) int stages,
      @ForAll @Size(4) List<@IntRange(min = 1, max = 5) Integer> slowness,
      @ForAll @LongRange(min = 100, max = 2000) long limit,
      @ForAll Random random) {
    Assume.that(stages <= layers);
    ModelCosts model = model(layers, random);
    compare(
        Partitioners.measured(times(model, slowness)), request(model, stages, limit, 1), slowness);
  }

  /** Of two stages with one device, it may be enough that one of them keeps less. */
  @Property(tries = 2000)
  void noCutWithOtherChoicesIsBetterWhereStagesShareDevices(
      @ForAll @IntRange(min = 2, max = 7) int layers,
      @ForAll @IntRange(min = 1, max = 2) int executors,
      @ForAll @Size(2) List<@IntRange(min = 1, max = 5) Integer> slowness,
      @ForAll @LongRange(min = 100, max = 3000) long limit,
      @ForAll Random random) {
    Assume.that(2 * executors <= layers);
    ModelCosts model = model(layers, random);
    List<Integer> used = slowness.subList(0, executors);
    compare(
        Partitioners.measured(times(model, used)), request(model, 2 * executors, limit, 2), used);
  }

  /** Whoever names a cut gets it, with as little done twice as fits. */
  @Property(tries = 2000)
  void ofAGivenCutAsLittleIsDoneTwiceAsFits(
      @ForAll @IntRange(min = 2, max = 7) int layers,
      @ForAll @IntRange(min = 1, max = 2) int executors,
      @ForAll @IntRange(min = 1, max = 2) int chunks,
      @ForAll @LongRange(min = 100, max = 3000) long limit,
      @ForAll Random random) {
    Assume.that(executors * chunks <= layers);
    PlanRequest request = request(model(layers, random), executors * chunks, limit, chunks);
    List<List<Integer>> all = Pins.cuts(layers, executors * chunks);
    List<Integer> cut = all.get(random.nextInt(all.size()));
    compare(Partitioners.given(cut), request, List.of(1), List.of(cut));
  }

  private static StageTime times(ModelCosts model, List<Integer> slowness) {
    StageTime operations = StageTime.sum(model, LayerCost::operations);
    StageTime forward = StageTime.sum(model, LayerCost::forwardOperations);
    return StageTime.of(
        (stage, first, end) ->
            slowness.get(stage % slowness.size()) * operations.of(stage, first, end),
        (stage, first, end) ->
            slowness.get(stage % slowness.size()) * forward.of(stage, first, end));
  }

  private static void compare(
      Partitioner partitioner, PlanRequest request, List<Integer> slowness) {
    compare(partitioner, request, slowness, Pins.cuts(request.model().size(), request.stages()));
  }

  private static void compare(
      Partitioner partitioner,
      PlanRequest request,
      List<Integer> slowness,
      List<List<Integer>> cuts) {
    Optional<Price> best =
        cuts.stream()
            .flatMap(cut -> choices(request, cut))
            .filter(stages -> fits(request, stages))
            .map(stages -> price(request, stages, slowness))
            .min(Price.CHEAPEST);
    if (best.isEmpty()) {
      assertThatThrownBy(() -> partitioner.partition(request))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PLAN));
      return;
    }
    List<PlannedStage> found = partitioner.partition(request).stages();
    assertThat(fits(request, found)).isTrue();
    assertThat(price(request, found, slowness)).isEqualTo(best.get());
  }

  /** Every way for the stages of a cut to keep all or only their inputs. */
  private static Stream<List<PlannedStage>> choices(PlanRequest request, List<Integer> cut) {
    return IntStream.range(0, 1 << cut.size())
        .mapToObj(
            set -> {
              List<PlannedStage> stages = new ArrayList<>();
              for (int s = 0; s < cut.size(); s++) {
                int end = s + 1 < cut.size() ? cut.get(s + 1) : request.model().size();
                Stash stash = (set >> s & 1) == 1 ? Stash.INPUTS : Stash.ACTIVATIONS;
                StageCost cost = request.model().stage(cut.get(s), end);
                stages.add(
                    new PlannedStage(
                        cut.get(s), end, cost, stash, request.estimate(cost, stash, s)));
              }
              return stages;
            });
  }

  /** From the layers' own numbers, without the planner's sums. */
  private static Price price(
      PlanRequest request, List<PlannedStage> stages, List<Integer> slowness) {
    long slowest = 0;
    long again = 0;
    long sent = 0;
    for (int s = 0; s < stages.size(); s++) {
      List<LayerCost> layers = layers(request, stages.get(s));
      int slow = slowness.get(s % slowness.size());
      long twice =
          stages.get(s).stash() == Stash.INPUTS
              ? slow * layers.stream().mapToLong(LayerCost::forwardOperations).sum()
              : 0;
      long once = slow * layers.stream().mapToLong(LayerCost::operations).sum();
      slowest = Math.max(slowest, once + twice);
      again += twice;
      sent += s + 1 < stages.size() ? layers.get(layers.size() - 1).outputBytes() : 0;
    }
    return new Price(slowest, again, sent);
  }

  private static List<LayerCost> layers(PlanRequest request, PlannedStage stage) {
    return request.model().layers().subList(stage.firstLayer(), stage.endLayer());
  }

  private static boolean fits(PlanRequest request, List<PlannedStage> stages) {
    long[] held = new long[stages.size() / request.chunks()];
    for (int s = 0; s < stages.size(); s++) {
      List<LayerCost> layers = layers(request, stages.get(s));
      int slots = stages.size() - s;
      long input = request.model().bytesInto(stages.get(s).firstLayer());
      long activations = layers.stream().mapToLong(LayerCost::stashBytes).sum();
      long needed = slots * input;
      needed += stages.get(s).stash() == Stash.INPUTS ? activations : slots * activations;
      needed += layers.stream().mapToLong(layer -> 12 * layer.parameters()).sum();
      needed += s > 0 ? 2 * input : 0;
      needed += s + 1 < stages.size() ? 2 * layers.get(layers.size() - 1).outputBytes() : 0;
      held[s % held.length] += needed;
    }
    return IntStream.range(0, held.length)
        .allMatch(executor -> held[executor] <= request.limits().of(executor));
  }
}
