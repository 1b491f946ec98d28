package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  /** Keeps the state in which a micro-batch ends. */
  void keep(int microBatch, List<Map<String, INDArray>> state) {
    after.put(microBatch, state);
  }
}
