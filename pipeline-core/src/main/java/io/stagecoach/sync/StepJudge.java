package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.sync.Synchronizer.Counts;

/**
 * Decides about steps, whoever carries it out: norm, clipping, skipping, and the counts of updates
 * and skips.
 */
final class StepJudge {

  private final SyncSettings settings;
  private long updates;
  private int consecutiveSkips;

  /**
   * What came of a step's gradients.
   *
   * @param attempt which try of the step it was
   * @param loss of the mini-batch
   * @param regularization of all stages
   * @param examples of the mini-batch
   * @param norms of all tensors of the model, in model order
   */
  record Evidence(
      int attempt, Loss loss, double regularization, long examples, TensorNorms norms) {}

  StepJudge(SyncSettings settings, Counts before) {
    this.settings = settings;
    this.updates = before.updates();
    this.consecutiveSkips = before.consecutiveSkips();
  }

  Counts counts() {
    return new Counts(updates, consecutiveSkips);
  }

  /**
   * Decides, and counts the update or the skip.
   *
   * @throws StagecoachException DATA where no label counts, NUMERIC after too many skips in a row
   */
  Judgement judge(long step, int epoch, Evidence evidence) {
    Loss loss = evidence.loss();
    long divisor = settings.weight().divisor(evidence.examples(), loss);
    if (divisor <= 0) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "A mini-batch has no label that counts",
          Where.nowhere().atStep(step),
          "Remove examples whose labels are masked altogether.",
          null);
    }
    double norm = evidence.norms().global() / divisor;
    boolean skipped =
        !Double.isFinite(norm)
            || !Double.isFinite(loss.sum())
            || !evidence.norms().statisticsAreFinite();
    double scale = 1;
    if (skipped) {
      skip(step, norm, loss);
    } else {
      consecutiveSkips = 0;
      scale =
          settings.clipNorm() > 0 && norm > settings.clipNorm() ? settings.clipNorm() / norm : 1;
    }
    StepDecision decision =
        new StepDecision(updates, evidence.attempt(), epoch, divisor, scale, skipped);
    updates = decision.updatesAfter();
    return new Judgement(
        decision, new StepOutcome(loss, evidence.regularization(), norm, scale, skipped));
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
}
