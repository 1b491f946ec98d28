package io.stagecoach.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SynchronizerTest {

  /** Two stages of three weights each; the last weight of the first is a running statistic. */
  private static final ParameterLayout LAYOUT =
      new ParameterLayout(
          List.of(
              new View("0_W", 0, 2, Kind.TRAINABLE),
              new View("1_mean", 2, 1, Kind.STATISTIC),
              new View("2_W", 3, 3, Kind.TRAINABLE)));

  private static final List<ParameterLayout> STAGES =
      List.of(
          new ParameterLayout(LAYOUT.views().subList(0, 2)),
          new ParameterLayout(List.of(new View("2_W", 0, 3, Kind.TRAINABLE))));

  /** Plain gradient descent with rate 1. */
  private static final class Descent implements ModelUpdater {
    final INDArray weights = Nd4j.zeros(DataType.DOUBLE, 6);
    long lastIteration = -1;

    @Override
    public ParameterLayout parameterLayout() {
      return LAYOUT;
    }

    @Override
    public ParameterLayout stageLayout(int firstLayer, int endLayer) {
      throw new UnsupportedOperationException("the tests give the stages' layouts");
    }

    @Override
    public INDArray parameters() {
      return weights;
    }

    @Override
    public void update(INDArray gradients, long divisor, long iteration, int epoch) {
      lastIteration = iteration;
      for (View view : LAYOUT.views()) {
        for (long i = view.offset(); i < view.offset() + view.length(); i++) {
          double g = gradients.getDouble(i);
          weights.putScalar(
              i, weights.getDouble(i) - (view.kind() == Kind.TRAINABLE ? g / divisor : g));
        }
      }
    }
  }

  private final Descent model = new Descent();

  private Synchronizer synchronizer(GradientWeight weight, double clip, int skips) {
    return new Synchronizer(model, STAGES, 0, new SyncSettings(weight, clip, skips));
  }

  private static StagePart part(int stage, Loss loss, double... gradients) {
    return new StagePart(
        new StageStep(stage, stage, 0, 0, loss, 4, 0.5, 0, List.of(), Traffic.none(), 0),
        Tensors.of(StagePart.GRADIENTS, Nd4j.createFromArray(gradients)));
  }

  private static List<StagePart> step(double... last) {
    return List.of(part(0, Loss.none(), 4, 8, 20), part(1, new Loss(12, 4, 8, List.of()), last));
  }

  @Test
  void dividesByExamplesAndAveragesStatistics() {
    StepOutcome outcome = synchronizer(GradientWeight.EXAMPLES, 0, 0).commit(0, 0, step(4, 0, -4));
    assertThat(model.weights.toDoubleVector()).containsExactly(-1, -2, -5, -1, 0, 1);
    assertThat(outcome.globalNorm()).isCloseTo(Math.sqrt(1 + 4 + 1 + 1), within(1e-15));
    assertThat(outcome.lossPerLabel()).isEqualTo(1.5);
    assertThat(outcome.regularization()).isEqualTo(1.0);
  }

  /** So large that 1 added to it is lost. */
  private static final double LARGE = 0x1p53;

  private static StagePart part(int stage, long examples, double... gradients) {
    Loss loss =
        stage % 2 == 1 ? new Loss(3 * examples, examples, examples, List.of()) : Loss.none();
    return new StagePart(
        new StageStep(stage, stage, 0, 0, loss, examples, 0.5, 0, List.of(), Traffic.none(), 0),
        Tensors.of(StagePart.GRADIENTS, Nd4j.createFromArray(gradients)));
  }

  @Test
  void addsUpReplicasInTheirOrder() {
    StepOutcome outcome =
        synchronizer(GradientWeight.EXAMPLES, 0, 0)
            .commit(
                0,
                0,
                List.of(
                    part(0, 2, LARGE, 1, 4),
                    part(1, 2, 0, 0, 0),
                    part(2, 1, 1, LARGE, 4),
                    part(3, 1, 0, 0, 0),
                    part(4, 1, -LARGE, -LARGE, 8),
                    part(5, 1, 8, 4, 0)));
    // (L + 1) − L is 0, and so is (1 + L) − L: the 1 is lost in either; the statistic is averaged.
    assertThat(model.weights.toDoubleVector()).containsExactly(0, 0, -4, -2, -1, 0);
    assertThat(outcome.loss().sum()).isEqualTo(12);
    assertThat(outcome.loss().examples()).isEqualTo(4);
    assertThat(outcome.regularization()).as("each stage's once").isEqualTo(1.0);
  }

  @Test
  void aReplicaWithoutMicroBatchesBringsNothing() {
    synchronizer(GradientWeight.EXAMPLES, 0, 0)
        .commit(
            0,
            0,
            List.of(
                part(0, 4, 4, 8, 20),
                part(1, 4, 4, 0, -4),
                part(2, 0, Double.NaN, 0, 0),
                part(3, 0, 0, Double.NaN, 0)));
    assertThat(model.weights.toDoubleVector()).containsExactly(-1, -2, -5, -1, 0, 1);
  }

  @Test
  void dividesByTimeStepsButStatisticsByExamples() {
    synchronizer(GradientWeight.TIME_STEPS, 0, 0).commit(0, 0, step(4, 0, -4));
    assertThat(model.weights.toDoubleVector()).containsExactly(-0.5, -1, -5, -0.5, 0, 0.5);
  }

  @Test
  void clipsByTheNormOfAllStagesTogether() {
    // Averaged gradient (1, 2 | 2, 0, 0): norm 3, clipped to 1.5.
    StepOutcome outcome = synchronizer(GradientWeight.EXAMPLES, 1.5, 0).commit(0, 0, step(8, 0, 0));
    assertThat(outcome.globalNorm()).isCloseTo(3, within(1e-15));
    assertThat(outcome.clipScale()).isCloseTo(0.5, within(1e-15));
    assertThat(model.weights.toDoubleVector()).containsExactly(-0.5, -1, -5, -1, 0, 0);
  }

  @Test
  void skipsWhatIsNotFiniteAndGivesUpAfterTheBound() {
    Synchronizer synchronizer = synchronizer(GradientWeight.EXAMPLES, 0, 1);
    assertThat(synchronizer.commit(0, 0, step(Double.NaN, 0, 0)).skipped()).isTrue();
    assertThat(model.weights.sumNumber().doubleValue()).isZero();
    assertThat(synchronizer.updates()).isZero();
    assertThat(synchronizer.commit(1, 0, step(1, 0, 0)).skipped()).isFalse();
    assertThat(model.lastIteration).isZero();
    synchronizer.commit(2, 0, step(Double.POSITIVE_INFINITY, 0, 0));
    assertThatThrownBy(() -> synchronizer.commit(3, 0, step(Double.NaN, 0, 0)))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NUMERIC));
  }

  @Test
  void aStatisticThatIsNotFiniteSkipsToo() {
    List<StagePart> parts =
        List.of(
            part(0, Loss.none(), 1, 1, Double.NaN), part(1, new Loss(1, 4, 4, List.of()), 1, 1, 1));
    assertThat(synchronizer(GradientWeight.EXAMPLES, 0, 1).commit(0, 0, parts).skipped()).isTrue();
  }

  @Test
  void refusesGradientsOfTheWrongLength() {
    List<StagePart> parts =
        List.of(part(0, Loss.none(), 1, 1), part(1, new Loss(1, 4, 4, List.of()), 1, 1, 1));
    assertThatThrownBy(() -> synchronizer(GradientWeight.EXAMPLES, 0, 1).commit(0, 0, parts))
        .hasMessageContaining("stage 0")
        .hasMessageContaining("step 0");
  }

  /** The first stage's weight is used by the second one, too, between two weights of its own. */
  @Test
  void aSharedParameterIsSummedOverItsUsesAndCountedOnce() {
    List<ParameterLayout> sharing =
        List.of(
            STAGES.get(0),
            new ParameterLayout(
                List.of(
                    new View("2_W", 0, 3, Kind.TRAINABLE),
                    new View("3_W", 3, 2, Kind.TRAINABLE, "0_W"))));
    try (Synchronizer synchronizer =
        new Synchronizer(model, sharing, 0, new SyncSettings(GradientWeight.EXAMPLES, 0, 0))) {
      StepOutcome outcome = synchronizer.commit(0, 0, step(4, 0, -4, 8, -8));
      // Of the shared one (4 + 8) / 4 and (8 - 8) / 4; of the last stage's own 1, 0, -1.
      assertThat(outcome.globalNorm()).isCloseTo(Math.sqrt(9 + 1 + 1), within(1e-15));
      assertThat(model.weights.toDoubleVector()).containsExactly(-3, 0, -5, -1, 0, 1);
      assertThat(synchronizer.weights(0).toDoubleVector()).containsExactly(-3, 0, -5);
      assertThat(synchronizer.weights(1).toDoubleVector()).containsExactly(-1, 0, 1, -3, 0);
    }
  }

  @Test
  void everyParameterIsOneStagesOwn() {
    assertThatThrownBy(() -> new StageWeights(LAYOUT, STAGES.subList(0, 1)))
        .hasMessageContaining("2_W");
    assertThatThrownBy(
            () -> new StageWeights(LAYOUT, List.of(STAGES.get(0), STAGES.get(1), STAGES.get(1))))
        .hasMessageContaining("2_W");
    assertThatThrownBy(
            () ->
                new StageWeights(
                    LAYOUT,
                    List.of(
                        STAGES.get(0),
                        STAGES.get(1),
                        new ParameterLayout(
                            List.of(new View("3_W", 0, 5, Kind.TRAINABLE, "0_W"))))))
        .hasMessageContaining("3_W");
  }

  @Test
  void weightsOfAStageAreItsOwnPartOfTheModel() {
    Synchronizer synchronizer = synchronizer(GradientWeight.EXAMPLES, 0, 0);
    synchronizer.commit(0, 0, step(4, 0, -4));
    assertThat(synchronizer.weights(0).toDoubleVector()).containsExactly(-1, -2, -5);
    assertThat(synchronizer.weights(1).toDoubleVector()).containsExactly(-1, 0, 1);
  }

  /** The last layer has the first one's weights too. */
  private static final List<ParameterLayout> SHARING_STAGES =
      List.of(
          STAGES.get(0),
          new ParameterLayout(
              List.of(
                  new View("2_W", 0, 3, Kind.TRAINABLE),
                  new View("3_W", 3, 2, Kind.TRAINABLE, "0_W"))));

  private static List<StagePart> sharingParts(long step, int attempt, int replicas) {
    List<StagePart> parts = new ArrayList<>();
    Random random = new Random(10 * step + attempt);
    for (int i = 0; i < 2 * replicas; i++) {
      double[] gradients = random.doubles(i % 2 == 0 ? 3 : 5, -1, 1).toArray();
      parts.add(
          new StagePart(
              new StageStep(
                  i,
                  i,
                  step,
                  attempt,
                  i % 2 == 1 ? new Loss(random.nextDouble(), 4, 4, List.of()) : Loss.none(),
                  4,
                  0,
                  0,
                  List.of(),
                  Traffic.none(),
                  0),
              Tensors.of(StagePart.GRADIENTS, Nd4j.createFromArray(gradients))));
    }
    return parts;
  }

  /**
   * Parts that are taken as they come, in any order, some of a try that failed before, give what
   * they give together.
   */
  @Property(tries = 200)
  void theOrderOfArrivalsDoesNotMatter(
      @ForAll @IntRange(min = 1, max = 3) int replicas, @ForAll Random order) {
    SyncSettings settings = new SyncSettings(GradientWeight.EXAMPLES, 0.2, 0);
    Descent together = new Descent();
    Descent asTheyCome = new Descent();
    Synchronizer expected = new Synchronizer(together, SHARING_STAGES, 0, settings);
    Synchronizer synchronizer = new Synchronizer(asTheyCome, SHARING_STAGES, 0, settings);
    for (long step = 0; step < 3; step++) {
      List<StagePart> failed = sharingParts(step, 0, replicas);
      Collections.shuffle(failed, order);
      failed
          .subList(0, order.nextInt(failed.size() + 1))
          .forEach(part -> synchronizer.arrivals(failed.size()).arrived(part));
      List<StagePart> parts = sharingParts(step, 1, replicas);
      List<StagePart> coming = new ArrayList<>(parts);
      Collections.shuffle(coming, order);
      // Some may not have been announced at all.
      coming
          .subList(0, order.nextInt(coming.size() + 1))
          .forEach(part -> synchronizer.arrivals(parts.size()).arrived(part));
      StepOutcome outcome = synchronizer.commit(step, 0, parts);
      assertThat(outcome).isEqualTo(expected.commit(step, 0, sharingParts(step, 1, replicas)));
      synchronizer.gather();
      expected.gather();
      assertThat(asTheyCome.weights).isEqualTo(together.weights);
    }
  }

  /** What a stage's gradients come in: some pieces, the last of them first, and the rest. */
  private record Cut(List<GradientPiece> pieces, StagePart rest) {

    /** Cut at these places, in falling order. */
    static Cut of(StagePart part, List<Integer> at) {
      double[] all = part.gradients().get(StagePart.GRADIENTS).toDoubleVector();
      StageStep report = part.report();
      List<GradientPiece> pieces = new ArrayList<>();
      int end = all.length;
      for (int from : at) {
        pieces.add(
            new GradientPiece(
                report.stage(), report.step(), report.attempt(), from, of(all, from, end)));
        end = from;
      }
      return new Cut(pieces, new StagePart(report, of(all, 0, end)));
    }

    private static Tensors of(double[] all, int from, int to) {
      return Tensors.of(
          StagePart.GRADIENTS, Nd4j.createFromArray(Arrays.copyOfRange(all, from, to)));
    }
  }

  /**
   * Cuts the gradients of all replicas of a stage at the same places, but for those of an idle one.
   */
  private static List<Cut> cut(List<StagePart> parts, Random random) {
    List<List<Integer>> places = new ArrayList<>();
    for (int length : new int[] {3, 5}) {
      places.add(
          IntStream.range(1, length)
              .map(i -> length - i)
              .filter(i -> random.nextBoolean())
              .boxed()
              .toList());
    }
    return parts.stream()
        .map(
            part ->
                Cut.of(
                    part,
                    part.report().examples() == 0
                        ? List.of()
                        : places.get(part.report().stage() % 2)))
        .toList();
  }

  /** Tells of them, each stage's pieces in order, all stages' in any; up to so many. */
  private static void tell(Synchronizer synchronizer, List<Cut> cuts, int most, Random random) {
    GradientArrivals arrivals = synchronizer.arrivals(cuts.size());
    List<Deque<Runnable>> left = new ArrayList<>();
    for (Cut cut : cuts) {
      Deque<Runnable> ofStage = new ArrayDeque<>();
      cut.pieces().forEach(piece -> ofStage.add(() -> arrivals.arrived(piece)));
      ofStage.add(() -> arrivals.arrived(cut.rest()));
      left.add(ofStage);
    }
    for (int told = 0; told < most && !left.isEmpty(); told++) {
      Deque<Runnable> next = left.get(random.nextInt(left.size()));
      next.remove().run();
      left.removeIf(Deque::isEmpty);
    }
  }

  /**
   * Gradients that come in pieces, of tries that failed before too, are what they are in one piece,
   * to the bit; what has come in pieces is closed when the step is decided.
   */
  @Property(tries = 300)
  void gradientsMayComeInPieces(
      @ForAll @IntRange(min = 1, max = 3) int replicas,
      @ForAll boolean lastIsIdle,
      @ForAll Random random) {
    SyncSettings settings = new SyncSettings(GradientWeight.EXAMPLES, 0.2, 0);
    Descent together = new Descent();
    Descent inPieces = new Descent();
    Synchronizer expected = new Synchronizer(together, SHARING_STAGES, 0, settings);
    Synchronizer synchronizer = new Synchronizer(inPieces, SHARING_STAGES, 0, settings);
    int idle = lastIsIdle && replicas > 1 ? replicas - 1 : replicas;
    for (long step = 0; step < 3; step++) {
      tell(
          synchronizer,
          cut(withIdle(sharingParts(step, 0, replicas), idle), random),
          random.nextInt(12),
          random);
      List<Cut> cuts = cut(withIdle(sharingParts(step, 1, replicas), idle), random);
      tell(synchronizer, cuts, Integer.MAX_VALUE, random);
      StepOutcome outcome = synchronizer.commit(step, 0, cuts.stream().map(Cut::rest).toList());
      assertThat(outcome)
          .isEqualTo(expected.commit(step, 0, withIdle(sharingParts(step, 1, replicas), idle)));
      synchronizer.gather();
      expected.gather();
      assertThat(inPieces.weights).isEqualTo(together.weights);
      cuts.stream()
          .flatMap(cut -> cut.pieces().stream())
          .forEach(
              piece -> assertThat(piece.tensors().get(StagePart.GRADIENTS).wasClosed()).isTrue());
    }
  }

  /** The replica of this number had no micro-batches. */
  private static List<StagePart> withIdle(List<StagePart> parts, int replica) {
    List<StagePart> all = new ArrayList<>();
    for (StagePart part : parts) {
      if (part.report().stage() / 2 == replica) {
        all.add(idle(part.report()));
      } else {
        all.add(part);
      }
    }
    return all;
  }

  private static StagePart idle(StageStep like) {
    int length = like.stage() % 2 == 0 ? 3 : 5;
    return new StagePart(
        new StageStep(
            like.stage(),
            like.executor(),
            like.step(),
            like.attempt(),
            Loss.none(),
            0,
            0,
            0,
            List.of(),
            Traffic.none(),
            0),
        Tensors.of(StagePart.GRADIENTS, Nd4j.valueArrayOf(new long[] {length}, Double.NaN)));
  }

  @Test
  void piecesThatLeaveAHoleOrOverlapAreRefused() {
    StagePart part = part(0, Loss.none(), 4, 8, 20);
    for (List<Integer> places : List.of(List.of(1), List.of(2, 1))) {
      Synchronizer synchronizer = synchronizer(GradientWeight.EXAMPLES, 0, 0);
      GradientArrivals arrivals = synchronizer.arrivals(2);
      Cut cut = Cut.of(part, places);
      List<GradientPiece> pieces = cut.pieces();
      if (pieces.size() == 1) {
        arrivals.arrived(pieces.get(0));
        // All of it once more.
        assertThatThrownBy(() -> arrivals.arrived(part)).hasMessageContaining("3 elements");
      } else {
        assertThatThrownBy(() -> arrivals.arrived(pieces.get(1)))
            .isInstanceOfSatisfying(
                StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER));
      }
    }
  }

  @Test
  void replicasThatAreCutDifferentlyAreRefused() {
    GradientArrivals arrivals = synchronizer(GradientWeight.EXAMPLES, 0, 0).arrivals(4);
    arrivals.arrived(Cut.of(part(0, 2, 4, 8, 20), List.of(1)).pieces().get(0));
    GradientPiece other = Cut.of(part(2, 2, 4, 8, 20), List.of(2)).pieces().get(0);
    assertThatThrownBy(() -> arrivals.arrived(other)).hasMessageContaining("stage 2");
  }

  @Test
  void aStageThatDoesNotFitIsRefusedWhenItComes() {
    Synchronizer synchronizer = synchronizer(GradientWeight.EXAMPLES, 0, 0);
    assertThatThrownBy(() -> synchronizer.arrivals(2).arrived(part(0, Loss.none(), 1, 1)))
        .hasMessageContaining("stage 0");
  }
}
