package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Checkpoint;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;

/** The model in a checkpoint, with its updater's state and its counts. */
final class RestoredModel {

  private RestoredModel() {}

  /** Makes it; borrows the checkpoint. */
  static Dl4jModelUpdater of(Checkpoint checkpoint) {
    return Dl4jModelUpdater.restore(
        checkpoint.model(),
        checkpoint.weights(),
        checkpoint.updaterState(),
        checkpoint.run().counters().updates(),
        checkpoint.run().counters().epochs());
  }
}
