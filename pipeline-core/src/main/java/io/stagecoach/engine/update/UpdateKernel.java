package io.stagecoach.engine.update;

import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Updates weights in one walk over memory: of each piece, which stays in the nearest cache,
 * weights, gradients and state are read once and written once. Elements do not depend on one
 * another, so that stretches may be cut and ordered at will. One thread calls it.
 */
public final class UpdateKernel {

  private final FlatVector weights;
  private final Optional<FlatVector> state;
  private final Walk walk;

  /**
   * @param weights the live weights, dense
   * @param state the updater's live state, dense; none for updaters that keep nothing
   * @throws IllegalArgumentException of arrays that it does not {@linkplain #works work} on
   */
  public UpdateKernel(INDArray weights, Optional<INDArray> state) {
    this.weights = FlatVector.of(weights);
    this.state = state.map(FlatVector::of);
    this.walk = weights.dataType() == DataType.FLOAT ? new FloatWalk() : new DoubleWalk();
  }

  /** Whether weights are of a type, and in a memory, that the kernel works on. */
  public static boolean works(INDArray weights) {
    return FlatVector.reaches(weights);
  }

  /** Vectors of one step, as long as the weights. */
  public final class Step {

    private final FlatVector gradients;
    private final Optional<FlatVector> updates;

    private Step(INDArray gradients, Optional<INDArray> updates) {
      this.gradients = FlatVector.of(gradients);
      this.updates = updates.map(FlatVector::of);
      if (this.gradients.length() != weights.length() || this.gradients.type() != weights.type()) {
        throw new IllegalArgumentException(
            "gradients " + gradients.shapeInfoToString() + " of " + weights.length() + " weights");
      }
    }

    /** Updates the weights of a stretch, and its state. */
    public void update(Stretch stretch, Recipe recipe) {
      if (stretch.states().size() != recipe.rule().states()) {
        throw new IllegalArgumentException(stretch + " by " + recipe.rule());
      }
      walk.update(new Walk.Vectors(weights, state, gradients, updates), stretch, recipe);
    }
  }

  /**
   * Begins a step.
   *
   * @param gradients flat, dense; read only
   * @param updates where to note what was subtracted, dense, if anywhere
   */
  public Step step(INDArray gradients, Optional<INDArray> updates) {
    return new Step(gradients, updates);
  }
}
