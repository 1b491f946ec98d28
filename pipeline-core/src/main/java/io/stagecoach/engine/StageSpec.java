package io.stagecoach.engine;

import java.io.Serializable;

/**
 * Everything an engine needs to build one stage of a model.
 *
 * @param model the whole model's configuration, in the engine's own form (DL4J: JSON)
 * @param stage the stage's index; where a pipeline has replicas, among the stages of all of them:
 *     replica r has those from r · {@code stages} on
 * @param stages how many stages a pipeline has
 * @param firstLayer the first layer of the stage
 * @param endLayer the layer after the last
 * @param slots the most micro-batches in flight at once, as the schedule says; at least 1
 * @param recompute what is kept between forward and backward
 * @param seed the run's seed, from which every random mask is keyed
 */
public record StageSpec(
    String model,
    int stage,
    int stages,
    int firstLayer,
    int endLayer,
    int slots,
    Recompute recompute,
    long seed)
    implements Serializable {

  /** The replica that this stage belongs to. */
  public int replica() {
    return stage / stages;
  }

  /** Whether this stage has the output layer. */
  public boolean isLast() {
    return stage % stages == stages - 1;
  }

  /** Whether this stage reads the features. */
  public boolean isFirst() {
    return stage % stages == 0;
  }
}
