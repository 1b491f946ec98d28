package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.Optional;

/** Waits for the executors that the pins of a pipeline want, before it is placed. */
final class PinnedSeats {

  private PinnedSeats() {}

  /** Why executors cannot take a pipeline's places as its pins want it; empty where they can. */
  static Optional<String> unmet(PipelineSpec spec, List<Home> there) {
    return spec.pins().unmet(spec.executors(), there);
  }

  /**
   * Waits until executors are on the hosts, and compute on the devices, that are wanted.
   *
   * @throws StagecoachException CLUSTER where they are not in time
   */
  static void await(PipelineSpec spec) {
    new SparkExecutorPool(spec.spark().sc(), spec.pins())
        .awaitFit(spec.executors(), spec.deadlines().launch())
        .ifPresent(
            unmet -> {
              throw new StagecoachException(ErrorKind.CLUSTER, unmet, SeatPins.REMEDY);
            });
  }
}
