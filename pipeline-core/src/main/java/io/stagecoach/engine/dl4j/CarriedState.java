package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The recurrent state of each micro-batch between one time segment and the next. A repeated attempt
 * of a step starts from the same state as the first.
 */
final class CarriedState {

  private Map<Integer, List<Map<String, INDArray>>> before = new HashMap<>();
  private Map<Integer, List<Map<String, INDArray>>> after = new HashMap<>();
  private long step = Long.MIN_VALUE;

  /**
   * Begins a step.
   *
   * @param carries whether it goes on where the step before ended
   */
  void begin(long newStep, boolean carries) {
    if (newStep != step) {
      before = carries ? after : new HashMap<>();
    } else if (!carries) {
      before = new HashMap<>();
    }
    after = new HashMap<>();
    step = newStep;
  }

  /**
   * The state in which a micro-batch starts, layer by layer; an empty list for "from nothing".
   *
   * @param carries whether there must be one
   */
  List<Map<String, INDArray>> before(int microBatch, boolean carries) {
    List<Map<String, INDArray>> state = before.get(microBatch);
    if (state == null && carries) {
      throw new StagecoachException(
          ErrorKind.INTERNAL,
          "No recurrent state of the time segment before is held",
          Where.nowhere().atStep(step).atMicroBatch(microBatch),
          "Run the mini-batch again from its first time segment.",
          null);
    }
    return state == null ? List.of() : state;
  }

  /** The state in which micro-batches have ended, by {@code micro-batch.node.name}. */
  Map<String, INDArray> left() {
    Map<String, INDArray> all = new LinkedHashMap<>();
    new TreeMap<>(after)
        .forEach(
            (microBatch, nodes) -> {
              for (int node = 0; node < nodes.size(); node++) {
                String prefix = microBatch + "." + node + ".";
                nodes.get(node).forEach((name, array) -> all.put(prefix + name, array));
              }
            });
    return all;
  }

  /**
   * Takes what {@link #left} gave, as that in which the step before this one has ended.
   *
   * @param nodes how many nodes there are
   */
  void restore(Map<String, INDArray> left, int nodes) {
    after = new HashMap<>();
    left.forEach(
        (key, array) -> {
          String[] parts = key.split("\\.", 3);
          List<Map<String, INDArray>> state =
              after.computeIfAbsent(
                  Integer.valueOf(parts[0]),
                  microBatch ->
                      Stream.<Map<String, INDArray>>generate(HashMap::new).limit(nodes).toList());
          state.get(Integer.parseInt(parts[1])).put(parts[2], OwnedArrays.copy(array));
        });
    step = Long.MIN_VALUE;
  }

  /** Keeps the state in which a micro-batch ends. */
  void keep(int microBatch, List<Map<String, INDArray>> state) {
    after.put(microBatch, state);
  }
}
