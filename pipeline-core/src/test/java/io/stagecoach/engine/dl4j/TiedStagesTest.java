package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.ZeroBubbleH1;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A GPT whose output has the embedding's weights, in one to four stages and by the synchronizer,
 * equals the uncut network that plain DL4J trains. Not to the bit: DL4J adds both uses up within
 * each micro-batch, the pipeline each use over all of them. Among themselves, all cuts, schedules
 * and ways to recompute are equal to the bit.
 */
class TiedStagesTest {

  /** The suite takes one schedule and one way to recompute for each cut, in turn. */
  private static final boolean FULL = "full".equals(System.getProperty("stagecoach.matrix"));

  private static final int STEPS = 20;
  private static final int ROWS = 5;
  private static final int MICRO_BATCHES = 2;
  private static final long SEED = 77;
  private static final double TOLERANCE = 1e-10;
  private static final SyncSettings PLAIN = new SyncSettings(GradientWeight.EXAMPLES, 0, 0);

  /** The first layers of all stages but the first; five layers, of which the last is tied. */
  private static final List<List<Integer>> CUTS =
      List.of(List.of(), List.of(2), List.of(1, 2, 3), List.of(2, 4), List.of(1, 3));

  private static final List<ScheduleAuthor> AUTHORS =
      Schedules.standard().names().stream().map(Schedules.standard()::named).toList();

  private enum Labels {
    MASKED,
    ALL;

    List<List<Integer>> cuts() {
      return FULL || this == MASKED ? CUTS : CUTS.subList(2, 3);
    }
  }

  /** What a training comes to. */
  private record Trained(INDArray weights, INDArray state, List<Double> norms, double loss) {}

  @ParameterizedTest
  @EnumSource(Labels.class)
  void allCutsAreTheUncutNetwork(Labels labels) {
    List<List<Tensors>> steps = steps(labels);
    Trained uncut = uncut(steps);
    Trained first = null;
    int turn = 0;
    for (List<Integer> cuts : labels.cuts()) {
      List<ScheduleAuthor> authors = FULL ? AUTHORS : List.of(AUTHORS.get(turn % AUTHORS.size()));
      for (ScheduleAuthor author : authors) {
        // Backward passes in halves keep what they need.
        List<Recompute> possible =
            author instanceof ZeroBubbleH1 ? List.of(Recompute.NONE) : List.of(Recompute.values());
        List<Recompute> sampled = FULL ? possible : List.of(possible.get(turn % possible.size()));
        for (Recompute recompute : sampled) {
          Trained cut = cut(cuts, author, recompute, steps);
          String what = "cuts " + cuts + ", " + author.name() + ", " + recompute;
          assertClose(cut, uncut, what);
          first = first == null ? cut : first;
          assertThat(cut.weights().toDoubleVector())
              .as(what)
              .containsExactly(first.weights().toDoubleVector());
          assertThat(cut.state().toDoubleVector())
              .as(what)
              .containsExactly(first.state().toDoubleVector());
          assertThat(cut.norms()).as(what).isEqualTo(first.norms());
          assertThat(cut.loss()).as(what).isEqualTo(first.loss());
        }
      }
      turn++;
    }
  }

  private static void assertClose(Trained cut, Trained uncut, String what) {
    assertThat(cut.weights().toDoubleVector())
        .as(what)
        .containsExactly(uncut.weights().toDoubleVector(), within(TOLERANCE));
    assertThat(cut.state().toDoubleVector())
        .as("updater's state, %s", what)
        .containsExactly(uncut.state().toDoubleVector(), within(TOLERANCE));
    assertThat(cut.norms()).hasSize(STEPS);
    for (int step = 0; step < STEPS; step++) {
      assertThat(cut.norms().get(step))
          .as("norm of step %d, %s", step, what)
          .isCloseTo(uncut.norms().get(step), within(TOLERANCE));
    }
    assertThat(cut.loss()).as(what).isCloseTo(uncut.loss(), within(TOLERANCE));
  }

  private static List<List<Tensors>> steps(Labels labels) {
    List<List<Tensors>> steps = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      Map<String, INDArray> columns =
          new HashMap<>(Batches.tokens(1000L * step, ROWS, 7, 5).asMap());
      if (labels == Labels.ALL) {
        columns.remove(Columns.LABELS_MASK);
      }
      steps.add(Batches.split(Tensors.of(columns), MICRO_BATCHES));
    }
    return steps;
  }

  private static Trained uncut(List<List<Tensors>> steps) {
    try (UncutTrainer trainer = new UncutTrainer(Networks.tiedGpt(), SEED)) {
      List<Double> norms = new ArrayList<>();
      double loss = 0;
      for (int step = 0; step < STEPS; step++) {
        loss = trainer.step(steps.get(step), step, step / 7);
        norms.add(trainer.gradientNorm(ROWS));
      }
      return new Trained(
          trainer.parameters().dup(),
          trainer.network().getUpdater().getStateViewArray().dup(),
          norms,
          loss);
    }
  }

  private static Trained cut(
      List<Integer> cuts, ScheduleAuthor author, Recompute recompute, List<List<Tensors>> steps) {
    try (InProcessPipeline pipeline =
        new InProcessPipeline(Networks.tiedGpt(), cuts, MICRO_BATCHES, recompute, author, SEED)) {
      // Closed with the pipeline: both have one updater.
      Synchronizer synchronizer =
          new Synchronizer(
              pipeline.updater(),
              pipeline.stages().stream().map(StageModule::parameterLayout).toList(),
              0,
              PLAIN);
      List<Double> norms = new ArrayList<>();
      double loss = 0;
      for (int step = 0; step < STEPS; step++) {
        Loss counted = pipeline.gradients(steps.get(step), step, step / 7, false);
        StepOutcome outcome =
            synchronizer.commit(step, step / 7, parts(pipeline.stages(), step, counted));
        synchronizer.gather();
        norms.add(outcome.globalNorm());
        loss = outcome.loss().sum();
      }
      return new Trained(
          pipeline.updater().parameters().dup(),
          pipeline.updater().updaterState().dup(),
          norms,
          loss);
    }
  }

  /** What the stages bring to the barrier; the last one has the loss. */
  private static List<StagePart> parts(List<StageModule> stages, int step, Loss loss) {
    List<StagePart> parts = new ArrayList<>();
    for (int s = 0; s < stages.size(); s++) {
      StageGradients gradients = stages.get(s).gradients();
      Loss own = s == stages.size() - 1 ? loss : Loss.none();
      parts.add(
          new StagePart(
              new StageStep(
                  s,
                  s,
                  step,
                  0,
                  own,
                  gradients.examples(),
                  gradients.regularization(),
                  0,
                  List.of(),
                  Traffic.none(),
                  0),
              Tensors.viewsOf(Map.of(StagePart.GRADIENTS, gradients.flat()), () -> {})));
    }
    return parts;
  }
}
