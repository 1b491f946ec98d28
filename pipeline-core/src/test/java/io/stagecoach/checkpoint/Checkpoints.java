package io.stagecoach.checkpoint;

import io.stagecoach.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Small checkpoints for tests. */
final class Checkpoints {

  private Checkpoints() {}

  static RunState run(long step) {
    return new RunState(
        new Position(step, 1, step % 10, 0),
        new Counters(step + 5, 3, 5, 2, 0),
        42,
        new RecordedPlan(
            List.of(0, 2), 4, "1f1b", "streaming", List.of("microBatches=4: measured")),
        Fingerprint.of(Map.of("batchSize", "32", "seed", "42")),
        Map.of("label_names", "[\"a\",\"ü\"]"),
        "{}");
  }

  /** A checkpoint whose tensors depend on the step. */
  static Checkpoint at(long step) {
    Map<String, INDArray> weights = new LinkedHashMap<>();
    weights.put("0_W", Nd4j.rand(DataType.FLOAT, 5, 3).addi(step).dup('f'));
    weights.put("0_b", Nd4j.rand(DataType.FLOAT, 1, 3));
    weights.put("1_W", Nd4j.rand(DataType.FLOAT, 2, 3, 2).dup('c'));
    Map<String, INDArray> updater = new LinkedHashMap<>();
    updater.put("0_W.0", Nd4j.rand(DataType.FLOAT, 5, 3).dup('f'));
    updater.put("0_W.1", Nd4j.rand(DataType.FLOAT, 5, 3).dup('f'));
    return new Checkpoint(
        run(step), "{\"model\":" + step + "}", Tensors.of(weights), Tensors.of(updater));
  }
}
