package io.stagecoach.spark.job;

import io.stagecoach.spark.data.PreparedData;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes a batch store that is not to be kept; what cannot be removed does not fail the run. */
final class StoreCleanUp {

  private static final Logger LOG = LoggerFactory.getLogger(StoreCleanUp.class);

  private StoreCleanUp() {}

  static void discard(PreparedData prepared) {
    try {
      prepared.delete();
    } catch (IOException e) {
      LOG.warn("The batch store at {} could not be removed: {}", prepared.storage(), e.toString());
    }
  }
}
