package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.List;
import java.util.Optional;

/** Waits for the executors that the pins of a pipeline want, before it is placed. */
final class PinnedSeats {

  private static final long POLL_MILLIS = 50;

  private PinnedSeats() {}

  /** Why executors cannot take a pipeline's places as its pins want it; empty where they can. */
  static Optional<String> unmet(PipelineSpec spec, List<Home> there) {
    return spec.pins().unmet(spec.executors(), there.stream().map(Home::host).toList());
  }

  /**
   * Waits until executors are on the hosts that are wanted.
   *
   * @throws StagecoachException CLUSTER where they are not in time
   */
  static void await(PipelineSpec spec) {
    long end = System.nanoTime() + spec.deadlines().launch().toNanos();
    Optional<String> unmet = unmet(spec, Home.all(spec.spark().sc()));
    while (unmet.isPresent()) {
      if (System.nanoTime() > end) {
        throw new StagecoachException(ErrorKind.CLUSTER, unmet.get(), SeatPins.REMEDY);
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StagecoachException(
            ErrorKind.INTERRUPTED,
            "The run was interrupted while it waited for executors",
            Where.nowhere(),
            "",
            e);
      }
      unmet = unmet(spec, Home.all(spec.spark().sc()));
    }
  }
}
