package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Position;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.sync.StepOutcome;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Tells a listener what the step loop does, in the order in which DL4J's own {@code fit} does. */
final class FitEvents implements TrainingLoop.MiniBatchListener {

  private final FitListener listener;
  private final Dl4jModelUpdater updater;
  private final long perEpoch;
  private final int firstEpoch;
  private int epoch;
  private boolean within;

  /**
   * @param updater the network, before the first step
   * @param perEpoch how many mini-batches an epoch has
   */
  FitEvents(FitListener listener, Dl4jModelUpdater updater, long perEpoch) {
    this.listener = listener;
    this.updater = updater;
    this.perEpoch = perEpoch;
    this.firstEpoch = updater.epochs();
  }

  /** The weights are about to be updated. */
  void gradientsSummed(INDArray gradients) {
    enterEpoch();
    listener.gradientsSummed(gradients);
  }

  /** A step has ended. One that was skipped was no iteration. */
  void stepEnded(StepOutcome outcome) {
    enterEpoch();
    if (outcome.skipped()) {
      return;
    }
    Loss loss = outcome.loss();
    listener.updated(
        new FitListener.Update(
            updater.iterations() - 1,
            firstEpoch + epoch,
            loss.sum() / loss.examples() + outcome.regularization(),
            loss.examples()));
  }

  private void enterEpoch() {
    if (!within) {
      within = true;
      listener.epochStarted();
    }
  }

  @Override
  public void miniBatchEnded(Position position) {
    if (position.stepInEpoch() == perEpoch) {
      listener.epochEnded();
      epoch++;
      within = false;
    }
  }
}
