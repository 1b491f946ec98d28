package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Finds the cause among the failures that one cause brings about. When a stage fails, its
 * neighbours lose a peer, its executor's connection ends and Spark's job fails, and these may be
 * heard in any order: what only follows from something else waits a moment for what it follows
 * from.
 */
final class FirstCause {

  private final Duration patience;
  private final Consumer<StagecoachException> found;
  private StagecoachException best;
  private boolean decided;

  /**
   * @param patience how long a mere consequence waits for its cause
   * @param found is told the cause, once
   */
  FirstCause(Duration patience, Consumer<StagecoachException> found) {
    this.patience = patience;
    this.found = found;
  }

  /** Hears of a failure. */
  synchronized void hear(StagecoachException failure) {
    if (decided) {
      return;
    }
    boolean first = best == null;
    if (first || rank(failure.kind()) < rank(best.kind())) {
      best = failure;
    }
    if (rank(best.kind()) == 0) {
      decide();
    } else if (first) {
      CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS)
          .execute(this::decide);
    }
  }

  private synchronized void decide() {
    if (!decided) {
      decided = true;
      found.accept(best);
    }
  }

  /** Lower is nearer to the cause. */
  private static int rank(ErrorKind kind) {
    return switch (kind) {
      case EXECUTOR_LOST -> 1;
      case CLUSTER -> 2;
      case PEER -> 3;
      // Of a barrier job that has lost an executor Spark ends the other tasks.
      case INTERRUPTED -> 4;
      default -> 0;
    };
  }
}
