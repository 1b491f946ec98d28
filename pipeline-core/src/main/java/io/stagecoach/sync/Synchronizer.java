package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.update.SquareSums;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The driver's side of a step: takes the stages' gradients, averages, takes the global norm, clips,
 * skips what is not finite, and updates the weights. Holds the only authoritative copy of them.
 *
 * <p>The arithmetic sees the whole model's flat vector and its named tensors only, so that the cut
 * cannot change the result. One thread calls it.
 */
public final class Synchronizer implements AutoCloseable {

  private final ModelUpdater updater;
  private final SyncSettings settings;
  private StageWeights stages;
  private final INDArray gradients;
  private final SquareSums squares;
  private final List<View> views;
  private long updates;
  private int consecutiveSkips;

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
    this.settings = settings;
    this.updates = before.updates();
    this.consecutiveSkips = before.consecutiveSkips();
    ParameterLayout layout = updater.parameterLayout();
    this.stages = new StageWeights(layout, stageLayouts);
    this.gradients = Nd4j.createUninitialized(updater.parameters().dataType(), layout.length());
    this.squares = new SquareSums(gradients);
    this.views = layout.views().stream().filter(view -> view.length() > 0).toList();
  }

  /**
   * The weights of a stage as they now are; unchanged until the next {@link #commit}.
   *
   * @param stage the stage, those of all replicas numbered through
   */
  public INDArray weights(int stage) {
    return stages.of(stage % stages.stages(), updater.parameters());
  }

  /**
   * The model is cut into other stages from the next step on.
   *
   * @param stageLayouts what each stage's flat vector is made of, in order
   */
  public void recut(List<ParameterLayout> stageLayouts) {
    stages = new StageWeights(updater.parameterLayout(), stageLayouts);
  }

  /** What was counted so far. */
  public Counts counts() {
    return new Counts(updates, consecutiveSkips);
  }

  /** How many updates the model has seen. */
  public long updates() {
    return updates;
  }

  /**
   * Ends a step: one update, or none where something is not finite. Borrows the parts; where there
   * are replicas, the gradients of the first one's become the sums over all.
   *
   * @param all the parts of all stages, in stage order, replica by replica
   * @throws StagecoachException NUMERIC after too many skips in a row; MODEL where a stage's
   *     gradients do not have the length of its weights
   */
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
    long divisor = settings.weight().divisor(examples, loss);
    if (divisor <= 0) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "A mini-batch has no label that counts",
          Where.nowhere().atStep(step),
          "Remove examples whose labels are masked altogether.",
          null);
    }
    averageStatistics(examples);
    double norm = globalNorm() / divisor;
    if (!Double.isFinite(norm) || !Double.isFinite(loss.sum()) || !statisticsAreFinite()) {
      skip(step, norm, loss);
      return new StepOutcome(loss, regularization, norm, 1, true);
    }
    consecutiveSkips = 0;
    double scale =
        settings.clipNorm() > 0 && norm > settings.clipNorm() ? settings.clipNorm() / norm : 1;
    updater.update(gradients, scale, divisor, updates, epoch);
    updates++;
    return new StepOutcome(loss, regularization, norm, scale, false);
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

  private void averageStatistics(long examples) {
    for (View view : views) {
      if (view.kind() == Kind.STATISTIC) {
        slice(gradients, view.offset(), view.length()).divi(examples);
      }
    }
  }

  /** The squares of each tensor, added up in model order: the same whatever the cut. */
  private double globalNorm() {
    double sum = 0;
    for (View view : views) {
      if (view.kind() == Kind.TRAINABLE) {
        sum += squares.of(view.offset(), view.length());
      }
    }
    return Math.sqrt(sum);
  }

  private boolean statisticsAreFinite() {
    return views.stream()
        .filter(view -> view.kind() == Kind.STATISTIC)
        .allMatch(view -> Double.isFinite(squares.of(view.offset(), view.length())));
  }

  private void skip(long step, double norm, Loss loss) {
    consecutiveSkips++;
    if (consecutiveSkips > settings.maxConsecutiveSkips()) {
      throw new StagecoachException(
          ErrorKind.NUMERIC,
          "Loss or gradients were not finite in "
              + consecutiveSkips
              + " steps in a row (gradient norm "
              + norm
              + ", loss "
              + loss.sum() / loss.timeSteps()
              + ")",
          Where.nowhere().atStep(step),
          "Lower the learning rate, set spark.stagecoach.clip.norm, or look for extreme values in the"
              + " data.",
          null);
    }
  }

  private static INDArray slice(INDArray flat, long offset, long length) {
    return flat.get(NDArrayIndex.interval(offset, offset + length));
  }

  @Override
  public void close() {
    try (updater) {
      gradients.close();
    }
  }
}
