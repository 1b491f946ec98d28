package io.stagecoach.sync;

import io.stagecoach.engine.ParameterLayout;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The end of a step, seen from the driver, whoever holds the weights. One thread calls it. */
public interface WeightUpdates extends AutoCloseable {

  /** What was counted so far. */
  Synchronizer.Counts counts();

  /** How many updates the model has seen. */
  default long updates() {
    return counts().updates();
  }

  /**
   * The weights of a stage that the driver has to send it, unchanged until the next {@link
   * #commit}; empty where it has none to send.
   *
   * @param stage the stage, those of all replicas numbered through
   */
  INDArray weights(int stage);

  /** The nanoseconds that went into updates so far, while weights were asked for or gathered. */
  default long updateNanos() {
    return 0;
  }

  /**
   * Takes what stages bring in a step that trains, while others are still to come: what can be done
   * with it is done then, and {@link #commit} has less to do. Borrows parts until then; what is of
   * another try, or of another step, ends what came before it. Throws PEER where something does not
   * fit.
   *
   * @param parts how many parts all stages of all replicas bring
   */
  default GradientArrivals arrivals(int parts) {
    return GradientArrivals.NONE;
  }

  /**
   * Ends a step: one update, or none where something is not finite. Borrows the parts.
   *
   * @param parts the parts of all stages, in stage order, replica by replica
   * @throws io.stagecoach.error.StagecoachException NUMERIC after too many skips in a row; DATA
   *     where no label counts; PEER where a stage brought what does not fit
   */
  StepOutcome commit(long step, int epoch, List<StagePart> parts);

  /**
   * The model is cut into other stages from the next step on.
   *
   * @param stageLayouts what each stage's flat vector is made of, in order
   */
  void recut(List<ParameterLayout> stageLayouts);

  /**
   * Sees to it that the driver's model has the weights and the updater state of now.
   *
   * @throws io.stagecoach.error.StagecoachException where stages do not send theirs
   */
  void gather();

  @Override
  void close();
}
