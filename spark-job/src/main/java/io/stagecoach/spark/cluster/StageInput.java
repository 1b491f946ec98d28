package io.stagecoach.spark.cluster;

import io.stagecoach.stage.HostedStage;
import io.stagecoach.tensor.Tensors;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What comes to a stage with the order for a step. */
final class StageInput {

  private StageInput() {}

  /** Gives a stage its weights and its carried state, as far as they came. */
  static void take(HostedStage stage, Tensors came) {
    came.find(Message.weights(stage.stage())).ifPresent(stage.module()::setParameters);
    Map<String, INDArray> state = came.under(Message.state(stage.stage()));
    if (!state.isEmpty()) {
      stage.module().restoreCarriedState(state);
    }
  }
}
