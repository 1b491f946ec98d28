package io.stagecoach.sync;

import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.StatefulUpdater;
import io.stagecoach.tensor.Tensors;
import java.util.Optional;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The weights and updater state of a stage's own parameters, where the stage is: takes the
 * gradients of a step, says their norms, and updates when the driver has decided, by the arithmetic
 * of the {@link Synchronizer}. What was held for one try of a step is never taken for another's,
 * and a decision is followed once. One thread at a time calls it.
 */
public final class SliceUpdater implements AutoCloseable {

  /** What failed in the middle of an update is of no use to anybody. */
  private static final long TORN = -1;

  /** Which try of which step gradients are of. */
  private record Held(long update, int attempt) {}

  private final StatefulUpdater updater;
  private final INDArray gradients;
  private final GradientTensors tensors;
  private Optional<Held> held = Optional.empty();
  private long updates;

  /**
   * @param updater of the stage's own parameters; closed with this
   */
  public SliceUpdater(StatefulUpdater updater) {
    this.updater = updater;
    this.gradients =
        Nd4j.createUninitialized(
            updater.parameters().dataType(), updater.parameterLayout().length());
    this.tensors = new GradientTensors(updater.parameterLayout(), gradients);
  }

  /** How weights and updater state are made of named tensors. */
  public StateLayout stateLayout() {
    return updater.stateLayout();
  }

  /** How many updates the weights have seen. */
  public long updates() {
    return updates;
  }

  /** The weights, a live flat view of the own parameters. */
  public INDArray weights() {
    return updater.parameters();
  }

  /** The weights of one parameter, a live view. */
  public INDArray weights(String parameter) {
    return OwnParameters.of(updater.parameterLayout(), parameter, updater.parameters());
  }

  /** The gradients that are held, a live flat view of the own parameters. */
  public INDArray gradients() {
    return gradients;
  }

  /** Weights by name: live views. */
  public Tensors weightTensors() {
    return StateLayout.views(stateLayout().weights(), updater.parameters());
  }

  /** Updater state by name: live views. */
  public Tensors stateTensors() {
    return StateLayout.views(stateLayout().updater(), updater.flatUpdaterState());
  }

  /**
   * Goes on from a model's weights and updater state; gradients that were held are dropped.
   *
   * @param updatesSeen how many updates they have seen
   * @param weights of the own parameters, borrowed
   * @param state of the updater, borrowed
   * @throws IllegalArgumentException where they are not those of this slice
   */
  public void restore(long updatesSeen, Tensors weights, Tensors state) {
    StateLayout layout = stateLayout();
    StateLayout.put(weights, layout.weights(), updater.parameters());
    StateLayout.put(state, layout.updater(), updater.flatUpdaterState());
    updates = updatesSeen;
    held = Optional.empty();
  }

  /**
   * Begins to hold the gradients of a try of a step; those of an earlier one are dropped.
   *
   * @param update how many updates the weights have seen before it
   * @param own takes gradients into the flat vector of the own parameters
   */
  public void hold(long update, int attempt, Consumer<INDArray> own) {
    if (update != updates) {
      throw new IllegalArgumentException(
          "gradients at update " + update + " for weights of update " + updates);
    }
    held = Optional.empty();
    own.accept(gradients);
    held = Optional.of(new Held(update, attempt));
  }

  /** Adds the gradient of one more use of a shared parameter to what is held. */
  public void addUse(String parameter, INDArray gradient) {
    OwnParameters.of(updater.parameterLayout(), parameter, gradients)
        .addi(gradient.reshape(gradient.length()));
  }

  /**
   * Ends the summing: statistics become means.
   *
   * @param examples of the mini-batch
   * @return the norms of what is held
   */
  public TensorNorms norms(long examples) {
    tensors.averageStatistics(examples);
    return tensors.norms();
  }

  /** Whether gradients of this try of a step are held. */
  public boolean holds(long update, int attempt) {
    return held.equals(Optional.of(new Held(update, attempt)));
  }

  /**
   * Follows a decision: one update, or none. One that was followed before, or is about what is not
   * held, changes nothing.
   *
   * @return whether the weights have changed
   */
  public boolean follow(StepDecision decision) {
    if (!holds(decision.update(), decision.attempt())) {
      return false;
    }
    held = Optional.empty();
    if (decision.skipped()) {
      return false;
    }
    updates = TORN;
    updater.update(
        gradients, decision.clipScale(), decision.divisor(), decision.update(), decision.epoch());
    updates = decision.updatesAfter();
    return true;
  }

  @Override
  public void close() {
    try (updater) {
      gradients.close();
    }
  }
}
