package io.stagecoach.spark.job;

import io.stagecoach.report.BestFigures;

/**
 * Watches the loss of a run's validations: which one was the best, and whether the run has gone on
 * for long enough without a better one. A run that goes on after it was interrupted begins with the
 * best that it had.
 */
final class ValidationWatch {

  /** Hears of each validation that is the best so far, while the weights are those that it saw. */
  interface BestListener {

    /** It is better than all before. */
    void better(BestFigures best);
  }

  private final int patience;
  private final double minDelta;
  private final BestListener listener;
  private BestFigures best;
  private int lastEpoch;

  /**
   * @param patience after how many epochs without a better loss to end; 0 for never
   * @param minDelta by how much a loss must be below the best one to be better
   * @param before the best of those before
   */
  ValidationWatch(int patience, double minDelta, BestFigures before, BestListener listener) {
    this.patience = patience;
    this.minDelta = minDelta;
    this.best = before;
    this.lastEpoch = before.epoch();
    this.listener = listener;
  }

  /**
   * Takes what a validation measured.
   *
   * @param epoch after how many whole epochs of the run
   * @param step after how many of its steps
   * @param loss the mean loss; what is not finite is never better
   */
  void validated(int epoch, long step, double loss) {
    lastEpoch = epoch;
    if (Double.isFinite(loss) && (!best.found() || loss < best.loss() - minDelta)) {
      best = new BestFigures(epoch, step, loss);
      listener.better(best);
    }
  }

  /** Whether patience is at its end. Without any finite loss it is counted from the start. */
  boolean isOver() {
    return patience > 0 && lastEpoch - best.epoch() >= patience;
  }
}
