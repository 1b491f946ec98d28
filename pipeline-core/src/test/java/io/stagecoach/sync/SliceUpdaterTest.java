package io.stagecoach.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.StatefulUpdater;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.Dl4jEngine;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.FeatureLengths;
import io.stagecoach.engine.dl4j.Graphs;
import io.stagecoach.engine.dl4j.InProcessPipeline;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.SliceMemory;
import io.stagecoach.plan.StageCost;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.Synchronizer.Counts;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Stages that update their own slices by the driver's decisions come to the bits of the
 * synchronizer that updates the whole model, wherever the model is cut.
 */
class SliceUpdaterTest {

  private static final int STEPS = 8;
  private static final int MICRO_BATCHES = 3;

  /** In it a gradient is not finite, and nothing changes. */
  private static final int SKIPPED = 3;

  private static final long SEED = 9;

  /** A network and the data of a micro-batch. */
  record Case(String name, String json, double clip, LongFunction<Tensors> data) {

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("MLP", Networks.mlp(), 0.4, seed -> Batches.vectors(seed, 3, 8, 3)),
        new Case("CNN, batch norm", Networks.cnn(), 0.4, seed -> Batches.images(seed, 3, 8, 3)),
        new Case("frozen layers", Networks.frozen(), 0, seed -> Batches.vectors(seed, 3, 8, 3)),
        new Case("tied GPT", Networks.tiedGpt(), 0.4, seed -> Batches.tokens(seed, 3, 7, 5)),
        new Case(
            "graph", Graphs.residualOfVectors(), 0.1, seed -> Batches.vectors(seed, 3, 36, 3)));
  }

  /** What a training comes to. */
  private record Trained(
      List<Double> weights, List<Double> state, List<StepOutcome> outcomes, Counts counts) {}

  @ParameterizedTest
  @MethodSource("cases")
  void slicesComeToTheBitsOfTheWholeModel(Case tried) {
    Trained whole = whole(tried);
    assertThat(whole.outcomes().stream().filter(StepOutcome::skipped)).hasSize(1);
    assertThat(whole.outcomes().stream().anyMatch(outcome -> outcome.clipScale() < 1))
        .as("clipped")
        .isEqualTo(tried.clip() > 0);
    for (List<Integer> cuts : cuts(tried)) {
      assertThat(inSlices(tried, cuts)).as("cuts at %s", cuts).isEqualTo(whole);
    }
  }

  /** What the plan says that updates take of memory, against what slices are made of. */
  @ParameterizedTest
  @MethodSource("cases")
  void theMemoryOfSlicesIsThatOfThePlan(Case tried) {
    Dl4jModel model = Dl4jModel.parse(tried.json());
    int width = model.dataType().width();
    FeatureLengths lengths =
        new FeatureLengths() {
          @Override
          public int timeSteps() {
            return 5;
          }

          @Override
          public OptionalLong numbers(String input) {
            return OptionalLong.of(64);
          }

          @Override
          public List<Integer> imageSize(String input) {
            return List.of(8, 8);
          }
        };
    ModelCosts costs = LayerCosts.of(model, 3, lengths);
    SliceMemory alone = new SliceMemory(1);
    for (int end = 1; end <= costs.size(); end++) {
      for (int first = 0; first < end; first++) {
        StageSpec spec = new StageSpec(tried.json(), 0, 1, first, end, 1, Recompute.NONE, SEED);
        StageCost cost = costs.stage(first, end);
        Optional<StatefulUpdater> updater = new Dl4jEngine().updater(spec);
        if (updater.isEmpty()) {
          assertThat(alone.owner(cost)).as("layers %s to %s", first, end).isZero();
          continue;
        }
        try (SliceUpdater slice = new SliceUpdater(updater.get())) {
          long weights = slice.weights().length();
          long state = updater.get().flatUpdaterState().length();
          // Weights, their gradients in the updater (a view of them each), and those that are held.
          long held = (2 * weights + slice.gradients().length() + state) * width;
          assertThat(alone.owner(cost)).as("layers %s to %s", first, end).isEqualTo(held);
          assertThat(alone.mirror(cost)).isEqualTo(held + weights * width);
        }
      }
    }
  }

  /** None, each single one, and all. */
  private static List<List<Integer>> cuts(Case tried) {
    int layers;
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(tried.json())) {
      layers = model.model().nodes().size();
    }
    List<List<Integer>> cuts = new ArrayList<>(List.of(List.of()));
    IntStream.range(1, layers).forEach(layer -> cuts.add(List.of(layer)));
    cuts.add(IntStream.range(1, layers).boxed().toList());
    return cuts;
  }

  private static Trained whole(Case tried) {
    try (InProcessPipeline pipeline = pipeline(tried, List.of())) {
      // Closed with the pipeline: both have one updater.
      Synchronizer synchronizer =
          new Synchronizer(pipeline.updater(), layouts(pipeline), 0, settings(tried));
      List<StepOutcome> outcomes = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        Loss loss = gradients(tried, pipeline, step, synchronizer.updates());
        outcomes.add(synchronizer.commit(step, step / 3, parts(pipeline, step, loss)));
        synchronizer.gather();
      }
      return trained(pipeline.updater(), outcomes, synchronizer.counts());
    }
  }

  private static Trained inSlices(Case tried, List<Integer> cuts) {
    try (InProcessPipeline pipeline = pipeline(tried, cuts);
        Slices slices = new Slices(tried.json(), cuts, pipeline)) {
      StepDecider decider =
          new StepDecider(
              pipeline.updater().parameterLayout(),
              layouts(pipeline),
              new Counts(0, 0),
              settings(tried));
      List<StepOutcome> outcomes = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        long update = decider.counts().updates();
        Loss loss = gradients(tried, pipeline, step, update);
        Judgement judged =
            decider.decide(step, step / 3, slices.norms(update, parts(pipeline, step, loss)));
        outcomes.add(judged.outcome());
        slices.follow(judged.decision());
        slices.follow(judged.decision());
        slices.gather(pipeline.updater());
      }
      return trained(pipeline.updater(), outcomes, decider.counts());
    }
  }

  private static InProcessPipeline pipeline(Case tried, List<Integer> cuts) {
    return new InProcessPipeline(
        tried.json(), cuts, MICRO_BATCHES, Recompute.NONE, new OneForwardOneBackward(), SEED);
  }

  private static List<ParameterLayout> layouts(InProcessPipeline pipeline) {
    return pipeline.stages().stream().map(StageModule::parameterLayout).toList();
  }

  private static SyncSettings settings(Case tried) {
    return new SyncSettings(GradientWeight.EXAMPLES, tried.clip(), 1);
  }

  private static Loss gradients(Case tried, InProcessPipeline pipeline, int step, long update) {
    List<Tensors> microBatches = new ArrayList<>();
    for (int m = 0; m < MICRO_BATCHES; m++) {
      microBatches.add(tried.data().apply(1000L * step + 10L * m));
    }
    Loss loss = pipeline.gradients(microBatches, update, step / 3, false);
    if (step == SKIPPED) {
      StageModule last = pipeline.stages().get(pipeline.stages().size() - 1);
      last.gradients().flat().putScalar(0, Double.NaN);
    }
    return loss;
  }

  private static List<StagePart> parts(InProcessPipeline pipeline, int step, Loss loss) {
    List<StagePart> parts = new ArrayList<>();
    List<StageModule> stages = pipeline.stages();
    for (int s = 0; s < stages.size(); s++) {
      StageGradients gradients = stages.get(s).gradients();
      parts.add(
          new StagePart(
              new StageStep(
                  s,
                  s,
                  step,
                  0,
                  s == stages.size() - 1 ? loss : Loss.none(),
                  gradients.examples(),
                  0,
                  0,
                  List.of(),
                  Traffic.none(),
                  0),
              Tensors.viewsOf(Map.of(StagePart.GRADIENTS, gradients.flat()), () -> {})));
    }
    return parts;
  }

  private static Trained trained(
      Dl4jModelUpdater model, List<StepOutcome> outcomes, Counts counts) {
    return new Trained(list(model.parameters()), list(model.flatUpdaterState()), outcomes, counts);
  }

  private static List<Double> list(INDArray array) {
    List<Double> values = new ArrayList<>();
    if (!array.isEmpty()) {
      for (double value : array.toDoubleVector()) {
        values.add(value);
      }
    }
    return values;
  }

  /** The slices of a pipeline's stages, and a mirror of each, which only sees gradients. */
  private static final class Slices implements AutoCloseable {

    private final List<OwnParameters> own = new ArrayList<>();
    private final List<SliceUpdater> slices = new ArrayList<>();
    private final List<SliceUpdater> mirrors = new ArrayList<>();
    private final List<TiedUse> uses;

    Slices(String json, List<Integer> cuts, InProcessPipeline pipeline) {
      List<ParameterLayout> layouts = layouts(pipeline);
      uses = TiedUse.of(layouts);
      List<Integer> bounds = new ArrayList<>(List.of(0));
      bounds.addAll(cuts);
      bounds.add(pipeline.updater().model().nodes().size());
      for (int s = 0; s < layouts.size(); s++) {
        own.add(new OwnParameters(layouts.get(s)));
        StageSpec spec =
            new StageSpec(
                json, s, layouts.size(), bounds.get(s), bounds.get(s + 1), 1, Recompute.NONE, SEED);
        slices.add(slice(spec, pipeline.updater()));
        mirrors.add(slice(spec, pipeline.updater()));
        if (slices.get(s) != null) {
          assertThat(slices.get(s).stateLayout().weights().stream().map(p -> p.name()).toList())
              .isEqualTo(own.get(s).layout().views().stream().map(v -> v.name()).toList());
        }
      }
    }

    private static SliceUpdater slice(StageSpec spec, Dl4jModelUpdater model) {
      SliceUpdater slice = new Dl4jEngine().updater(spec).map(SliceUpdater::new).orElse(null);
      if (slice != null) {
        slice.restore(0, weights(model, slice), state(model, slice));
      }
      return slice;
    }

    private static Tensors weights(Dl4jModelUpdater model, SliceUpdater slice) {
      return StateLayout.views(model.stateLayout().of(names(slice)).weights(), model.parameters());
    }

    private static Tensors state(Dl4jModelUpdater model, SliceUpdater slice) {
      return StateLayout.views(
          model.stateLayout().of(names(slice)).updater(), model.flatUpdaterState());
    }

    private static Set<String> names(SliceUpdater slice) {
      Set<String> names = new HashSet<>();
      slice.stateLayout().weights().forEach(place -> names.add(place.name()));
      return names;
    }

    /** What the stages tell the driver. */
    List<StagePart> norms(long update, List<StagePart> parts) {
      List<StagePart> told = new ArrayList<>();
      for (int s = 0; s < slices.size(); s++) {
        SliceUpdater slice = slices.get(s);
        StagePart part = parts.get(s);
        if (slice == null) {
          told.add(new StagePart(part.report(), Tensors.none()));
          continue;
        }
        int stage = s;
        slice.hold(
            update,
            part.report().attempt(),
            flat -> own.get(stage).take(part.gradients().get(StagePart.GRADIENTS), flat));
        for (TiedUse use : uses) {
          if (use.owner() == s) {
            INDArray ofUser = parts.get(use.user()).gradients().get(StagePart.GRADIENTS);
            slice.addUse(use.parameter(), own.get(use.user()).ofStage(use.copy(), ofUser));
          }
        }
        told.add(new StagePart(part.report(), slice.norms(part.report().examples()).toTensors()));
        mirrors
            .get(s)
            .hold(update, part.report().attempt(), flat -> flat.assign(slice.gradients()));
      }
      return told;
    }

    void follow(StepDecision decision) {
      Stream.concat(slices.stream(), mirrors.stream())
          .filter(slice -> slice != null)
          .forEach(slice -> slice.follow(decision));
    }

    void gather(Dl4jModelUpdater model) {
      for (int s = 0; s < slices.size(); s++) {
        if (slices.get(s) == null) {
          continue;
        }
        assertThat(list(mirrors.get(s).weights())).isEqualTo(list(slices.get(s).weights()));
        // The mirror, in the stead of a slice that was lost.
        SliceUpdater taken = mirrors.get(s);
        StateLayout part = model.stateLayout().of(names(taken));
        StateLayout.put(taken.weightTensors(), part.weights(), model.parameters());
        StateLayout.put(taken.stateTensors(), part.updater(), model.flatUpdaterState());
      }
    }

    @Override
    public void close() {
      Stream.concat(slices.stream(), mirrors.stream())
          .filter(slice -> slice != null)
          .forEach(SliceUpdater::close);
    }
  }

  @Test
  void aDecisionIsFollowedOnceAndOnlyForWhatIsHeld() {
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(Networks.mlp());
        SliceUpdater slice = new SliceUpdater(new Dl4jEngine().updater(all(model)).orElseThrow())) {
      slice.restore(
          4,
          StateLayout.views(model.stateLayout().weights(), model.parameters()),
          StateLayout.views(model.stateLayout().updater(), model.flatUpdaterState()));
      List<Double> before = list(slice.weights());
      StepDecision decision = new StepDecision(4, 1, 0, 1, 1, false);
      assertThat(slice.follow(decision)).as("nothing is held").isFalse();
      slice.hold(4, 0, flat -> flat.assign(1));
      assertThat(slice.follow(decision)).as("another attempt's are held").isFalse();
      slice.hold(4, 1, flat -> flat.assign(1));
      assertThat(list(slice.weights())).as("before the decision").isEqualTo(before);
      assertThat(slice.follow(decision)).isTrue();
      List<Double> after = list(slice.weights());
      assertThat(after).isNotEqualTo(before);
      assertThat(slice.follow(decision)).as("a second time").isFalse();
      assertThat(list(slice.weights())).isEqualTo(after);
      assertThat(slice.updates()).isEqualTo(5);
      assertThatThrownBy(() -> slice.hold(4, 2, flat -> flat.assign(1)))
          .hasMessageContaining("update 4");
    }
  }

  private static StageSpec all(Dl4jModelUpdater model) {
    int layers = model.model().nodes().size();
    return new StageSpec(model.json(), 0, 1, 0, layers, 1, Recompute.NONE, SEED);
  }
}
