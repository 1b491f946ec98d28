package io.stagecoach.engine;

import io.stagecoach.tensor.Tensors;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The compute of one stage, and the only compute interface: whoever can do this can be trained in a
 * pipeline. One thread calls it. Several micro-batches are in flight at once, as many as the slots
 * that the module was made with.
 *
 * <p>A step is: {@link #beginStep}, forwards and backwards in the order of the schedule (backwards
 * in ascending micro-batch order), {@link #gradients}. An abandoned step is just followed by the
 * next {@link #beginStep}, which drops whatever was in flight.
 */
public interface StageModule extends AutoCloseable {

  /** The columns of the batch store that this stage's own layers need. */
  Set<String> dataColumns();

  /** How the flat vectors are made of named tensors. */
  ParameterLayout parameterLayout();

  /** The weights, a live flat view of rank 1. */
  INDArray parameters();

  /** Copies new weights in; borrows {@code flat}, of rank 1 and the layout's length. */
  void setParameters(INDArray flat);

  /** Begins a step: gradients to zero, nothing in flight. */
  void beginStep(StepContext context);

  /**
   * Runs a micro-batch forward.
   *
   * @param microBatch its index in the step
   * @param inputs the columns that this stage reads, and what the stage before sent; lent to the
   *     module until it has run this micro-batch's backward or the next step begins, and never
   *     changed by it
   */
  Forward forward(int microBatch, Tensors inputs);

  /**
   * Runs a micro-batch backward and adds its parameter gradients.
   *
   * @param outputGradients the gradients of what {@link #forward} gave, as the stage after this one
   *     made them; {@link Tensors#none()} for the last stage, or where no gradient flows; borrowed
   * @return the gradients of what came from the stage before, for the caller to own; {@link
   *     Tensors#none()} for the first stage or where a frozen layer stops them
   */
  Tensors backward(int microBatch, Tensors outputGradients);

  /**
   * The backward pass in two halves; none where this module runs it in one piece only. Within a
   * step a micro-batch takes one way or the other.
   */
  default Optional<SplitBackward> splitBackward() {
    return Optional.empty();
  }

  /**
   * Says that the next backward pass, or second half of one, is the stage's last in this step. A
   * module that then knows which gradients are final before the pass has ended says so.
   *
   * @param told hears of them; one that hears of nothing asks for {@link #gradients} in the end
   */
  default void endWith(FinishedGradients told) {}

  /** What has been accumulated since {@link #beginStep}. */
  StageGradients gradients();

  /**
   * The state in which the training step that has ended left recurrent layers, for a step that goes
   * on from there ({@link StepContext#carriesState}): by names that only the module knows; the
   * module's own, until the next step begins. Empty where none is carried.
   */
  default Map<String, INDArray> carriedState() {
    return Map.of();
  }

  /**
   * Takes such a state of a module of the same stage, as if this one's step before had left it.
   *
   * @param state borrowed
   */
  default void restoreCarriedState(Map<String, INDArray> state) {
    if (!state.isEmpty()) {
      throw new IllegalArgumentException("a state of " + state.keySet());
    }
  }

  @Override
  void close();
}
