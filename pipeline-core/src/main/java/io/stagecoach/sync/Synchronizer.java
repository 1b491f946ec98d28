package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.sync.StepJudge.Evidence;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The driver's side of a step: takes the stages' gradients, averages, takes the global norm, clips,
 * skips what is not finite, and updates the weights. Holds the only authoritative copy of them.
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

  @Override
  public INDArray weights(int stage) {
    return stages.of(stage % stages.stages(), updater.parameters());
  }

  @Override
  public void recut(List<ParameterLayout> stageLayouts) {
    stages = new StageWeights(updater.parameterLayout(), stageLayouts);
  }

  @Override
  public Counts counts() {
    return judge.counts();
  }

  /** The driver's model is the one that is updated. */
  @Override
  public void gather() {}

  /**
   * Ends a step: one update, or none where something is not finite. Borrows the parts; where there
   * are replicas, the gradients of the first one's become the sums over all.
   *
   * @param all the parts of all stages, in stage order, replica by replica
   * @throws StagecoachException NUMERIC after too many skips in a row; MODEL where a stage's
   *     gradients do not have the length of its weights
   */
  @Override
  public StepOutcome commit(long step, int epoch, List<StagePart> all) {
    Loss loss = Loss.none();
    double regularization = 0;
    List<List<StagePart>> byStage = ReplicaSums.byStage(all, stages.stages());
    for (int stage = 0; stage < stages.stages(); stage++) {
      List<StagePart> replicas = byStage.get(stage);
      loss = loss.plus(ReplicaSums.loss(replicas));
      // Every replica has the same weights.
      regularization += all.get(stage).report().regularization();
      if (stages.length(stage) > 0) {
        replicas.forEach(part -> check(part, step));
        ReplicaSums.addGradients(replicas);
        stages.scatterOwn(stage, flat(stage, all.get(stage)), gradients);
      }
    }
    // After all originals are there, each use of a shared parameter in model order: a fixed order
    // of
    // additions, whatever the cut.
    for (int stage = 0; stage < stages.stages(); stage++) {
      if (stages.length(stage) > 0) {
        stages.addCopies(stage, flat(stage, all.get(stage)), gradients);
      }
    }
    // Every stage of a replica saw the same examples.
    long examples = byStage.get(0).stream().mapToLong(replica -> replica.report().examples()).sum();
    tensors.averageStatistics(examples);
    Judgement judged =
        judge.judge(
            step,
            epoch,
            new Evidence(
                all.get(0).report().attempt(), loss, regularization, examples, tensors.norms()));
    StepDecision decision = judged.decision();
    if (!decision.skipped()) {
      updater.update(
          gradients, decision.clipScale(), decision.divisor(), decision.update(), decision.epoch());
    }
    return judged.outcome();
  }

  private void check(StagePart part, long step) {
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
          Where.stage(stage).atStep(step),
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
