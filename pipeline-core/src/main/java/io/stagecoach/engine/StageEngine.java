package io.stagecoach.engine;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Optional;

/**
 * Builds the compute of stages from models of one kind. Found by {@link java.util.ServiceLoader},
 * so that an engine is added without a change elsewhere.
 */
public interface StageEngine {

  /** What plans and messages call it. */
  String name();

  /**
   * Builds a stage.
   *
   * @throws io.stagecoach.error.StagecoachException PLAN or MODEL where the engine cannot
   */
  StageModule open(StageSpec spec);

  /**
   * Builds the updater of the parameters that are a stage's own, copies of others left out: the
   * same arithmetic as the whole model's updater, by the model's names for them. Weights are
   * undefined and the state is empty until they are put in.
   *
   * @return none where the stage has no parameters of its own
   * @throws io.stagecoach.error.StagecoachException PLAN where the engine can only update whole
   *     models
   */
  default Optional<StatefulUpdater> updater(StageSpec spec) {
    throw new StagecoachException(
        ErrorKind.PLAN,
        "The engine " + name() + " cannot update the weights of a single stage",
        "Set spark.stagecoach.synchronizer=driver.");
  }
}
