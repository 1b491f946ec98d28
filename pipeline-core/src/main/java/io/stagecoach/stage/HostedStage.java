package io.stagecoach.stage;

import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.engine.StageModule;

/**
 * A stage on an executor.
 *
 * @param stage its index
 * @param module its compute; closed with this
 * @param source where it reads its columns; closed with this
 */
public record HostedStage(int stage, StageModule module, MicroBatchSource source)
    implements AutoCloseable {

  @Override
  public void close() {
    try (source;
        module) {
      // Closed in reverse order, each even if another fails.
    }
  }
}
