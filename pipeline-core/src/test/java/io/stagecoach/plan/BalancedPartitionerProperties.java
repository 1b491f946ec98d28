package io.stagecoach.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** The min-max partitioners against every cut there is. */
class BalancedPartitionerProperties {

  @Property(tries = 500)
  void balancedIsTheBestOfAllCuts(
      @ForAll("models") ModelCosts model, @ForAll @IntRange(min = 1, max = 5) int stages) {
    compare("balanced", LayerCost::operations, model, stages, DeviceLimits.UNLIMITED);
  }

  @Property(tries = 500)
  void parametersIsTheBestOfAllCuts(
      @ForAll("models") ModelCosts model, @ForAll @IntRange(min = 1, max = 5) int stages) {
    compare("parameters", LayerCost::parameters, model, stages, DeviceLimits.UNLIMITED);
  }

  @Property(tries = 1000)
  void balancedIsTheBestOfTheCutsThatFit(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 5) int stages,
      @ForAll @LongRange(min = 100, max = 4000) long limit) {
    compare("balanced", LayerCost::operations, model, stages, limit);
  }

  /** Executors hold several stages each, whose memory adds up. */
  @Property(tries = 1500)
  void balancedIsTheBestOfTheCutsWhoseChunksFitTogether(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 3) int executors,
      @ForAll @IntRange(min = 2, max = 4) int chunks,
      @ForAll @LongRange(min = 100, max = 6000) long limit) {
    Assume.that(executors * chunks <= model.size());
    compare("balanced", LayerCost::operations, model, executors * chunks, limit, chunks);
  }

  /** Some devices may hold more than others. */
  @Property(tries = 2000)
  void balancedIsTheBestOfTheCutsThatFitDevicesOfUnlikeMemory(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 4) int executors,
      @ForAll @IntRange(min = 1, max = 3) int chunks,
      @ForAll @Size(4) List<@LongRange(min = 100, max = 6000) Long> limits) {
    Assume.that(executors * chunks <= model.size());
    compare(
        Partitioners.named("balanced"),
        StageTime.sum(model, LayerCost::operations),
        request(model, executors * chunks, 1, chunks)
            .within(new DeviceLimits(limits.subList(0, executors))));
  }

  /** Devices of different speed: what a stage takes depends on where it is. */
  @Property(tries = 3000)
  void measuredIsTheBestOfTheCutsThatFitForUnlikeDevices(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 5) int wanted,
      @ForAll @Size(5) List<@IntRange(min = 1, max = 7) Integer> slowness,
      @ForAll @LongRange(min = 200, max = 20_000) long limit) {
    int stages = Math.min(wanted, model.size());
    compare(
        Partitioners.measured(onDevices(model, stages, slowness)),
        onDevices(model, stages, slowness),
        request(model, stages, limit, 1));
  }

  @Property(tries = 1000)
  void measuredIsTheBestForUnlikeDevicesOfSeveralChunks(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 3) int executors,
      @ForAll @IntRange(min = 2, max = 3) int chunks,
      @ForAll @Size(3) List<@IntRange(min = 1, max = 7) Integer> slowness,
      @ForAll @LongRange(min = 100, max = 6000) long limit) {
    Assume.that(executors * chunks <= model.size());
    StageTime times = onDevices(model, executors, slowness);
    compare(Partitioners.measured(times), times, request(model, executors * chunks, limit, chunks));
  }

  /** Layers are wanted on certain executors, each of which may host several stages. */
  @Property(tries = 3000)
  void balancedIsTheBestOfTheCutsThatKeepThePins(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 4) int executors,
      @ForAll @IntRange(min = 1, max = 3) int chunks,
      @ForAll @LongRange(min = 100, max = 20_000) long limit,
      @ForAll Random random) {
    int stages = executors * chunks;
    Assume.that(stages <= model.size());
    LayerPins pins = new LayerPins(Pins.some(model.size(), stages, executors, random));
    Assume.that(Pins.cuts(model.size(), stages).stream().anyMatch(Pins.kept(pins, executors)));
    StageTime operations =
        (stage, first, end) ->
            model.layers().subList(first, end).stream().mapToLong(LayerCost::operations).sum();
    compare(
        Partitioners.named("balanced"), operations, request(model, stages, limit, chunks, pins));
  }

  /** Devices of different speed, a stage on each. */
  @Property(tries = 1000)
  void measuredIsTheBestOfTheCutsThatKeepThePinsOnUnlikeDevices(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 5) int wanted,
      @ForAll @Size(5) List<@IntRange(min = 1, max = 7) Integer> slowness,
      @ForAll Random random) {
    int stages = Math.min(wanted, model.size());
    LayerPins pins = new LayerPins(Pins.some(model.size(), stages, stages, random));
    Assume.that(Pins.cuts(model.size(), stages).stream().anyMatch(Pins.kept(pins, stages)));
    StageTime times = onDevices(model, stages, slowness);
    compare(
        Partitioners.measured(times),
        times,
        request(model, stages, DeviceLimits.UNLIMITED, 1, pins));
  }

  @Property(tries = 1000)
  void uniformIsTheEvenestOfTheCutsThatKeepThePins(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 4) int executors,
      @ForAll @IntRange(min = 1, max = 2) int chunks,
      @ForAll Random random) {
    int stages = executors * chunks;
    Assume.that(stages <= model.size());
    LayerPins pins = new LayerPins(Pins.some(model.size(), stages, executors, random));
    List<List<Integer>> kept =
        Pins.cuts(model.size(), stages).stream().filter(Pins.kept(pins, executors)).toList();
    Assume.that(!kept.isEmpty());
    List<Integer> cut =
        firstLayers(
            Partitioners.named("uniform")
                .partition(request(model, stages, DeviceLimits.UNLIMITED, chunks, pins)));
    assertThat(kept).contains(cut);
    assertThat(unevenness(model, cut))
        .isEqualTo(kept.stream().mapToLong(other -> unevenness(model, other)).min().orElseThrow());
  }

  private static long unevenness(ModelCosts model, List<Integer> cuts) {
    return IntStream.range(0, cuts.size())
        .mapToLong(s -> (long) Math.pow(end(model, cuts, s) - cuts.get(s), 2))
        .sum();
  }

  private static StageTime onDevices(ModelCosts model, int devices, List<Integer> slowness) {
    return (stage, first, end) ->
        slowness.get(stage % devices)
            * model.layers().subList(first, end).stream().mapToLong(LayerCost::operations).sum();
  }

  @Property(tries = 300)
  void uniformSaysWhetherItsChunksFitTogether(
      @ForAll("models") ModelCosts model,
      @ForAll @IntRange(min = 1, max = 3) int executors,
      @ForAll @IntRange(min = 1, max = 3) int chunks,
      @ForAll @LongRange(min = 100, max = 6000) long limit) {
    int stages = executors * chunks;
    Assume.that(stages <= model.size());
    PlanRequest request = request(model, stages, limit, chunks);
    List<Integer> even =
        IntStream.range(0, stages).mapToObj(s -> s * model.size() / stages).toList();
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class, () -> Partitioners.named("uniform").partition(request));
    assertThat(refusal == null).isEqualTo(fits(request, even));
  }

  @Property(tries = 300)
  void everyPartitionerPutsEveryLayerInOneStage(
      @ForAll("models") ModelCosts model, @ForAll @IntRange(min = 1, max = 9) int wanted) {
    int stages = Math.min(wanted, model.size());
    for (String name : Partitioners.names()) {
      Plan plan = Partitioners.named(name).partition(Costs.request(model, stages));
      assertThat(plan.stages()).hasSize(stages).allMatch(stage -> stage.layers() > 0);
      assertThat(plan.stages().stream().mapToLong(stage -> stage.cost().parameters()).sum())
          .isEqualTo(model.layers().stream().mapToLong(LayerCost::parameters).sum());
      assertThat(plan.stages().stream().mapToInt(PlannedStage::layers).sum())
          .isEqualTo(model.size());
    }
  }

  @Provide
  Arbitrary<ModelCosts> models() {
    Arbitrary<long[]> numbers =
        Combinators.combine(
                Arbitraries.longs().between(0, 6),
                Arbitraries.longs().between(0, 30),
                Arbitraries.longs().between(0, 20),
                Arbitraries.longs().between(0, 40))
            .as(
                (operations, parameters, out, stash) ->
                    new long[] {operations, parameters, out, stash});
    return numbers
        .list()
        .ofMinSize(1)
        .ofMaxSize(9)
        .map(
            rows -> {
              List<LayerCost> layers = new ArrayList<>();
              for (long[] row : rows) {
                layers.add(Costs.layer(layers.size(), row[0], row[1], row[2], row[3]));
              }
              return new ModelCosts(layers, 8, 4);
            });
  }

  private static void compare(
      String name, ToLongFunction<LayerCost> weight, ModelCosts model, int wanted, long limit) {
    compare(name, weight, model, Math.min(wanted, model.size()), limit, 1);
  }

  private static PlanRequest request(ModelCosts model, int stages, long limit, int chunks) {
    return request(model, stages, limit, chunks, LayerPins.NONE);
  }

  private static PlanRequest request(
      ModelCosts model, int stages, long limit, int chunks, LayerPins pins) {
    // Early stages hold more micro-batches than late ones, as in 1F1B.
    MemoryRules rules = new MemoryRules(Stash.ACTIVATIONS, (stage, all) -> all - stage, 1);
    return new PlanRequest(model, stages, rules, DeviceLimits.everywhere(limit), chunks, pins);
  }

  private static void compare(
      String name,
      ToLongFunction<LayerCost> weight,
      ModelCosts model,
      int stages,
      long limit,
      int chunks) {
    compare(
        Partitioners.named(name),
        (stage, first, end) -> model.layers().subList(first, end).stream().mapToLong(weight).sum(),
        request(model, stages, limit, chunks));
  }

  private static void compare(Partitioner partitioner, StageTime weight, PlanRequest request) {
    ModelCosts model = request.model();
    Optional<List<Integer>> best =
        Pins.cuts(model.size(), request.stages()).stream()
            .filter(cuts -> fits(request, cuts))
            .filter(Pins.kept(request.pins(), request.executors()))
            .min(
                Comparator.<List<Integer>>comparingLong(cuts -> heaviest(model, weight, cuts))
                    .thenComparingLong(cuts -> sent(model, cuts))
                    .thenComparing(BalancedPartitionerProperties::lexicographic));
    if (best.isPresent()) {
      Plan plan = partitioner.partition(request);
      assertThat(firstLayers(plan)).isEqualTo(best.get());
    } else {
      StagecoachException refusal =
          catchThrowableOfType(StagecoachException.class, () -> partitioner.partition(request));
      assertThat(refusal).isNotNull();
      assertThat(refusal.kind()).isEqualTo(ErrorKind.PLAN);
    }
  }

  private static List<Integer> firstLayers(Plan plan) {
    return plan.stages().stream().map(PlannedStage::firstLayer).toList();
  }

  private static int lexicographic(List<Integer> left, List<Integer> right) {
    for (int i = 0; i < left.size(); i++) {
      int order = Integer.compare(left.get(i), right.get(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private static int end(ModelCosts model, List<Integer> cuts, int stage) {
    return stage + 1 < cuts.size() ? cuts.get(stage + 1) : model.size();
  }

  private static long heaviest(ModelCosts model, StageTime weight, List<Integer> cuts) {
    long heaviest = 0;
    for (int s = 0; s < cuts.size(); s++) {
      heaviest = Math.max(heaviest, weight.of(s, cuts.get(s), end(model, cuts, s)));
    }
    return heaviest;
  }

  private static long sent(ModelCosts model, List<Integer> cuts) {
    return cuts.stream().skip(1).mapToLong(cut -> model.layers().get(cut - 1).outputBytes()).sum();
  }

  /** The memory of each device added up from its stages' layers, by hand. */
  private static boolean fits(PlanRequest request, List<Integer> cuts) {
    ModelCosts model = request.model();
    int devices = cuts.size() / request.chunks();
    long[] held = new long[devices];
    for (int s = 0; s < cuts.size(); s++) {
      List<LayerCost> layers = model.layers().subList(cuts.get(s), end(model, cuts, s));
      long input = s == 0 ? model.inputBytes() : model.layers().get(cuts.get(s) - 1).outputBytes();
      int slots = cuts.size() - s;
      long needed = slots * input;
      for (LayerCost layer : layers) {
        needed += 12 * layer.parameters() + slots * layer.stashBytes();
      }
      needed += s > 0 ? 2 * input : 0;
      needed += s < cuts.size() - 1 ? 2 * layers.get(layers.size() - 1).outputBytes() : 0;
      held[s % devices] += needed;
    }
    return IntStream.range(0, devices)
        .allMatch(device -> held[device] <= request.limits().of(device));
  }
}
