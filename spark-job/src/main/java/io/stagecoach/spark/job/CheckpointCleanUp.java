package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.CheckpointStore;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes checkpoints that no run needs any more. */
final class CheckpointCleanUp {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointCleanUp.class);

  private CheckpointCleanUp() {}

  /**
   * Removes what an earlier run left in the place of the best weights, because this one begins
   * anew.
   *
   * @throws io.stagecoach.error.StagecoachException OUTPUT if the place cannot be reached
   */
  static void before(CheckpointStore best) {
    try {
      best.clear();
    } catch (IOException e) {
      throw CheckpointPlace.unreachable(best.storage(), e);
    }
  }

  /**
   * Removes them, or keeps them so that no run goes on with them by itself. What cannot be removed
   * does not fail the run.
   *
   * @param best the place of the best weights, in that of the checkpoints
   */
  static void afterSuccess(CheckpointStore checkpoints, CheckpointStore best, boolean keep) {
    try {
      // First, so that a run that dies while it removes them is over all the same.
      checkpoints.noneToResume();
      if (!keep) {
        best.clear();
        checkpoints.clear();
      }
    } catch (IOException e) {
      LOG.warn(
          "The checkpoints at {} could not be removed: {}", checkpoints.storage(), e.toString());
    }
  }
}
