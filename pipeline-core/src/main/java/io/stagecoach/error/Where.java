package io.stagecoach.error;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Where in a run something happened. Every part may be absent; absent numbers are {@code -1} and an
 * absent executor is the empty text, so that the record travels as it is.
 *
 * @param stage the stage's index, from 0; those of a pipeline's replicas are numbered through
 * @param stages how many stages each replica has, where there are several; else 0
 * @param executor the executor's id and host, as Spark names them
 * @param step the step, from 0
 * @param microBatch the micro-batch within the step, from 0
 */
public record Where(int stage, int stages, String executor, long step, int microBatch)
    implements Serializable {

  private static final Where NOWHERE = new Where(-1, 0, "", -1, -1);

  /** No place: the driver, before any stage exists. */
  public static Where nowhere() {
    return NOWHERE;
  }

  /** The place of a stage. */
  public static Where stage(int stage) {
    return new Where(stage, 0, "", -1, -1);
  }

  /** This place, in a pipeline with replicas of so many stages. */
  public Where inReplicasOf(int count) {
    return new Where(stage, count, executor, step, microBatch);
  }

  /** This place, on an executor. */
  public Where onExecutor(String id) {
    return new Where(stage, stages, id, step, microBatch);
  }

  /** This place, at a step. */
  public Where atStep(long index) {
    return new Where(stage, stages, executor, index, microBatch);
  }

  /** This place, at a micro-batch. */
  public Where atMicroBatch(int index) {
    return new Where(stage, stages, executor, step, index);
  }

  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    if (stage >= 0) {
      parts.add(
          stages > 0 ? "replica " + stage / stages + " stage " + stage % stages : "stage " + stage);
    }
    if (!executor.isEmpty()) {
      parts.add("executor " + executor);
    }
    if (step >= 0) {
      parts.add("step " + step);
    }
    if (microBatch >= 0) {
      parts.add("micro-batch " + microBatch);
    }
    return String.join(", ", parts);
  }
}
