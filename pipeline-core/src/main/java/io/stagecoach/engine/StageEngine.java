package io.stagecoach.engine;

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
}
