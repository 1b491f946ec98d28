package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.CheckpointStore;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What becomes of a run's checkpoints when its output is in place. */
final class CheckpointCleanUp {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointCleanUp.class);

  private CheckpointCleanUp() {}

  /**
   * Removes them, or keeps them so that no run goes on with them by itself. What cannot be removed
   * does not fail the run.
   */
  static void afterSuccess(CheckpointStore checkpoints, boolean keep) {
    try {
      // First, so that a run that dies while it removes them is over all the same.
      checkpoints.noneToResume();
      if (!keep) {
        checkpoints.clear();
      }
    } catch (IOException e) {
      LOG.warn(
          "The checkpoints at {} could not be removed: {}", checkpoints.storage(), e.toString());
    }
  }
}
