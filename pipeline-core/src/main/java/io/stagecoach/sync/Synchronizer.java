package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.PartialUpdate;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.sync.StepJudge.Evidence;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
  private Arrivals arrivals = new Arrivals(-1, 0, 0);
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

  /** The parts of one try of a step that have come, by stage and replica; null for the others. */
  private static final class Arrivals {

    private final long step;
    private final int attempt;
    private final List<StagePart> parts;

    /** The stages whose gradients are in the model's. */
    private final Set<Integer> whole = new HashSet<>();

    Arrivals(long step, int attempt, int parts) {
      this.step = step;
      this.attempt = attempt;
      this.parts = Arrays.asList(new StagePart[parts]);
    }

    boolean areOf(StagePart part) {
      return part.report().step() == step && part.report().attempt() == attempt;
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
  public void arrived(StagePart part, int parts) {
    gather();
    if (!arrivals.areOf(part)) {
      forgetArrivals();
      arrivals = new Arrivals(part.report().step(), part.report().attempt(), parts);
    }
    arrivals.parts.set(part.report().stage(), part);
    int stage = part.report().stage() % stages.stages();
    List<StagePart> replicas = ReplicaSums.ofStage(arrivals.parts, stage, stages.stages());
    if (replicas.contains(null)) {
      return;
    }
    sum(stage, replicas);
    stages.unshared(stage).forEach(tensors::take);
  }

  private void forgetArrivals() {
    arrivals = new Arrivals(-1, 0, 0);
    tensors.forget();
  }

  /** Brings the gradients of a stage, those of all replicas, to the model's. */
  private void sum(int stage, List<StagePart> replicas) {
    if (stages.length(stage) > 0) {
      replicas.forEach(this::check);
      ReplicaSums.addGradients(replicas);
      stages.scatterOwn(stage, flat(stage, replicas.get(0)), gradients);
    }
    arrivals.whole.add(stage);
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
    gather();
    if (!arrivals.areOf(all.get(0))) {
      forgetArrivals();
    }
    Loss loss = Loss.none();
    double regularization = 0;
    List<List<StagePart>> byStage = ReplicaSums.byStage(all, stages.stages());
    for (int stage = 0; stage < stages.stages(); stage++) {
      List<StagePart> replicas = byStage.get(stage);
      loss = loss.plus(ReplicaSums.loss(replicas));
      // Every replica has the same weights.
      regularization += all.get(stage).report().regularization();
      if (!arrivals.whole.contains(stage)) {
        sum(stage, replicas);
      }
    }
    // After all originals are there, each use of a shared parameter in model order: a fixed order
    // of additions, whatever the cut.
    for (int stage = 0; stage < stages.stages(); stage++) {
      if (stages.length(stage) > 0) {
        stages.addCopies(stage, flat(stage, all.get(stage)), gradients);
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

  private void check(StagePart part) {
    int stage = part.report().stage();
    long length = stages.length(stage % stages.stages());
    INDArray brought = part.gradients().get(StagePart.GRADIENTS);
    if (brought.length() != length || brought.dataType() != gradients.dataType()) {
      throw new StagecoachException(
          ErrorKind.PEER,
          "Gradients have "
              + brought.length()
              + " elements of "
              + brought.dataType()
              + ", not "
              + length
              + " of "
              + gradients.dataType(),
          Where.stage(stage).atStep(part.report().step()),
          "All executors must run the same version of the job.",
          null);
    }
  }

  private INDArray flat(int stage, StagePart part) {
    return part.gradients().get(StagePart.GRADIENTS).reshape(stages.length(stage));
  }

  @Override
  public void close() {
    try (updater) {
      gradients.close();
    }
  }
}
