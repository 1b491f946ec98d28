package io.stagecoach.spark.cluster;

import io.stagecoach.sync.StagePart;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * In which state the last step left the recurrent layers of each stage, as long as the next one may
 * have to go on from there on other executors.
 */
final class CarriedStates implements AutoCloseable {

  private final Map<Integer, Map<String, INDArray>> byStage = new HashMap<>();

  /** Keeps copies of what a step's stages brought, in the place of what was kept. */
  void keep(List<StagePart> parts) {
    close();
    for (StagePart part : parts) {
      Map<String, INDArray> state = part.gradients().under(Message.STATE);
      state.replaceAll((name, array) -> array.dup(array.ordering()));
      byStage.put(part.report().stage(), state);
    }
  }

  /** What is kept of a stage. */
  Map<String, INDArray> of(int stage) {
    return byStage.getOrDefault(stage, Map.of());
  }

  @Override
  public void close() {
    byStage.values().forEach(state -> state.values().forEach(INDArray::close));
    byStage.clear();
  }
}
