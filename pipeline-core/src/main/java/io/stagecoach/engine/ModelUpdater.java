package io.stagecoach.engine;

import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

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

  /**
   * The same with gradients that are scaled first, as clipping does.
   *
   * @param scale what the trainable gradients are multiplied by; statistics are left as they are
   */
  default void update(INDArray gradients, double scale, long divisor, long iteration, int epoch) {
    if (scale != 1) {
      for (View view : parameterLayout().views()) {
        if (view.kind() == Kind.TRAINABLE && view.length() > 0) {
          gradients
              .get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()))
              .muli(scale);
        }
      }
    }
    update(gradients, divisor, iteration, epoch);
  }

  /**
   * Begins such an update, which is carried out as weights are asked for; here all of it at once.
   *
   * @param gradients as before; unchanged until all is done
   */
  default PartialUpdate begin(
      INDArray gradients, double scale, long divisor, long iteration, int epoch) {
    update(gradients, scale, divisor, iteration, epoch);
    return PartialUpdate.DONE;
  }

  @Override
  default void close() {}
}
