package io.stagecoach.engine;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A whole model's weights and updater state, and the rule that moves them. Runs no forward pass.
 * Not thread-safe.
 */
public interface ModelUpdater extends AutoCloseable {

  /** The whole model's layout. */
  ParameterLayout parameterLayout();

  /**
   * The layout that a stage's flat vector has: that of its own layers, with copies of the
   * parameters that they share with others.
   *
   * @param firstLayer the stage's first layer
   * @param endLayer the layer after its last
   */
  ParameterLayout stageLayout(int firstLayer, int endLayer);

  /** The weights, a live flat view of rank 1. */
  INDArray parameters();

  /**
   * Applies one update: divides the trainable gradients by {@code divisor}, normalises,
   * regularises, runs the updater with its learning-rate schedule, subtracts, applies constraints.
   * Statistics are subtracted as they are.
   *
   * @param gradients flat, rank 1, whole model; overwritten
   * @param divisor what the summed gradients are divided by: examples, or unmasked time steps
   * @param iteration counts updates from 0
   * @param epoch from 0
   */
  void update(INDArray gradients, long divisor, long iteration, int epoch);

  @Override
  default void close() {}
}
