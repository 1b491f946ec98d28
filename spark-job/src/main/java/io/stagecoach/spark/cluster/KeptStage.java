package io.stagecoach.spark.cluster;

import io.stagecoach.stage.HostedStage;
import io.stagecoach.sync.OwnParameters;
import io.stagecoach.sync.SliceUpdater;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A stage among those that keep their weights.
 *
 * @param stage the stage
 * @param parameters which of its parameters are its own
 * @param slice these, where it is the one of its replicas that has them
 */
record KeptStage(HostedStage stage, OwnParameters parameters, Optional<SliceUpdater> slice) {

  INDArray gradients() {
    return stage.module().gradients().flat();
  }

  long examples() {
    return stage.module().gradients().examples();
  }

  /** Its weights as its compute sees them. */
  INDArray weights() {
    return stage.module().parameters();
  }

  boolean hasParameters() {
    return parameters.stageLength() > 0;
  }
}
