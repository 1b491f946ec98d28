package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.PartialUpdate;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.sync.StepJudge.Evidence;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The driver's side of a step: takes the stages' gradients, averages, takes the global norm, clips,
 * skips what is not finite, and updates the weights. Holds the only authoritative copy of them.
 *
 * <p>What it does is kept off the time that stages wait: the gradients of a stage are summed, and
 * their norms taken, as they come, beside what other stages still compute; and once a step is
 * decided the weights of a stage are updated when they are asked for, so that the first stage has
 * its own, and computes, before those of the last are updated.
 *
 * <p>The arithmetic sees the whole model's flat vector and its named tensors only, so that the cut
 * cannot change the result. One thread calls it.
 */
public final class Synchronizer implements WeightUpdates {

  private final ModelUpdater updater;
  private StageWeights stages;
  private final INDArray gradients;
  private final GradientTensors tensors;
  private final StepJudge judge;
  private PartialUpdate pending = PartialUpdate.DONE;
  private Arrivals arrivals = new Arrivals(-1, 0, 0, List.of());
  private long updateNanos;

  /**
   * What a synchronizer has counted.
   *
   * @param updates how many updates the model has seen: DL4J's iteration count
   * @param consecutiveSkips how many steps in a row were skipped, the last one among them
   */
  public record Counts(long updates, int consecutiveSkips) {}

  /**
   * @param updater the whole model; closed with this
   * @param stageLayouts what each stage's flat vector is made of, in order
   * @param updatesBefore how many updates the model has seen: DL4J's iteration count
   */
  public Synchronizer(
      ModelUpdater updater,
      List<ParameterLayout> stageLayouts,
      long updatesBefore,
      SyncSettings settings) {
    this(updater, stageLayouts, new Counts(updatesBefore, 0), settings);
  }

  /**
   * Goes on where another one was.
   *
   * @param updater the whole model; closed with this
   * @param stageLayouts what each stage's flat vector is made of, in order
   * @param before what that one had counted
   */
  public Synchronizer(
      ModelUpdater updater,
      List<ParameterLayout> stageLayouts,
      Counts before,
      SyncSettings settings) {
    this.updater = updater;
    this.judge = new StepJudge(settings, before);
    ParameterLayout layout = updater.parameterLayout();
    this.stages = new StageWeights(layout, stageLayouts);
    this.gradients = Nd4j.createUninitialized(updater.parameters().dataType(), layout.length());
    this.tensors = new GradientTensors(layout, gradients);
  }

  /** What has come of one try of a step. */
  private static final class Arrivals {

    private final long step;
    private final int attempt;
    private final List<StageArrivals> stages;
    private final boolean[] parts;

    Arrivals(long step, int attempt, int parts, List<StageArrivals> stages) {
      this.step = step;
      this.attempt = attempt;
      this.parts = new boolean[parts];
      this.stages = stages;
    }
  }

  @Override
  public INDArray weights(int stage) {
    int own = stage % stages.stages();
    long begin = System.nanoTime();
    stages.intervals(own).forEach(interval -> pending.of(interval.from(), interval.to()));
    updateNanos += System.nanoTime() - begin;
    return stages.of(own, updater.parameters());
  }

  @Override
  public long updateNanos() {
    return updateNanos;
  }

  @Override
  public void recut(List<ParameterLayout> stageLayouts) {
    forgetArrivals();
    stages = new StageWeights(updater.parameterLayout(), stageLayouts);
  }

  @Override
  public Counts counts() {
    return judge.counts();
  }

  /** The driver's model is the one that is updated. */
  @Override
  public void gather() {
    long begin = System.nanoTime();
    pending.rest();
    pending = PartialUpdate.DONE;
    updateNanos += System.nanoTime() - begin;
  }

  @Override
  public GradientArrivals arrivals(int parts) {
    return new GradientArrivals() {
      @Override
      public void arrived(GradientPiece piece) {
        try {
          begin(piece.step(), piece.attempt(), parts);
        } catch (RuntimeException e) {
          piece.close();
          throw e;
        }
        arrivals
            .stages
            .get(piece.stage() % stages.stages())
            .add(piece.stage() / stages.stages(), piece);
        sum(piece.stage() % stages.stages());
      }

      @Override
      public void arrived(StagePart part) {
        begin(part.report().step(), part.report().attempt(), parts);
        take(part);
      }
    };
  }

  private void take(StagePart part) {
    int number = part.report().stage();
    arrivals.parts[number] = true;
    arrivals.stages.get(number % stages.stages()).add(number / stages.stages(), part);
    sum(number % stages.stages());
  }

  /** What comes from now on is of this try of a step. */
  private void begin(long step, int attempt, int parts) {
    gather();
    if (arrivals.step == step && arrivals.attempt == attempt) {
      return;
    }
    forgetArrivals();
    List<StageArrivals> all = new ArrayList<>();
    for (int stage = 0; stage < stages.stages(); stage++) {
      all.add(
          new StageArrivals(stages.length(stage), gradients.dataType(), parts / stages.stages()));
    }
    arrivals = new Arrivals(step, attempt, parts, all);
  }

  private void forgetArrivals() {
    arrivals.stages.forEach(StageArrivals::close);
    arrivals = new Arrivals(-1, 0, 0, List.of());
    tensors.forget();
  }

  /** Brings to the model's gradients what all replicas of a stage have brought. */
  private void sum(int stage) {
    StageArrivals from = arrivals.stages.get(stage);
    for (Optional<GradientPiece> next = from.nextSum(); next.isPresent(); next = from.nextSum()) {
      GradientPiece piece = next.get();
      stages.scatterOwn(stage, piece.offset(), piece.gradients(), gradients);
      stages.unshared(stage, piece.interval()).forEach(tensors::take);
      if (stages.hasCopies(stage, piece.interval())) {
        from.keep(piece);
      } else {
        piece.close();
      }
    }
  }

  /**
   * Ends a step: one update, or none where something is not finite. Borrows the parts; where there
   * are replicas, the gradients of the first one's become the sums over all. The update itself is
   * made as {@link #weights} are asked for.
   *
   * @param all the parts of all stages, in stage order, replica by replica
   * @throws StagecoachException NUMERIC after too many skips in a row; MODEL where a stage's
   *     gradients do not have the length of its weights
   */
  @Override
  public StepOutcome commit(long step, int epoch, List<StagePart> all) {
    begin(all.get(0).report().step(), all.get(0).report().attempt(), all.size());
    Loss loss = Loss.none();
    double regularization = 0;
    List<List<StagePart>> byStage = ReplicaSums.byStage(all, stages.stages());
    for (int stage = 0; stage < stages.stages(); stage++) {
      loss = loss.plus(ReplicaSums.loss(byStage.get(stage)));
      // Every replica has the same weights.
      regularization += all.get(stage).report().regularization();
    }
    all.stream().filter(part -> !arrivals.parts[part.report().stage()]).forEach(this::take);
    // After all originals are there, each use of a shared parameter in model order: a fixed order
    // of additions, whatever the cut.
    for (int stage = 0; stage < stages.stages(); stage++) {
      for (GradientPiece piece : arrivals.stages.get(stage).kept()) {
        stages.addCopies(stage, piece.offset(), piece.gradients(), gradients);
      }
    }
    // Every stage of a replica saw the same examples.
    long examples = byStage.get(0).stream().mapToLong(replica -> replica.report().examples()).sum();
    tensors.averageStatistics(examples);
    TensorNorms norms = tensors.norms();
    forgetArrivals();
    Judgement judged =
        judge.judge(
            step,
            epoch,
            new Evidence(all.get(0).report().attempt(), loss, regularization, examples, norms));
    StepDecision decision = judged.decision();
    if (!decision.skipped()) {
      pending =
          updater.begin(
              gradients,
              decision.clipScale(),
              decision.divisor(),
              decision.update(),
              decision.epoch());
    }
    return judged.outcome();
  }

  @Override
  public void close() {
    try (updater) {
      forgetArrivals();
      gradients.close();
    }
  }
}
