package io.stagecoach.spark.cluster;

import io.stagecoach.tensor.Tensors;

/** The executors of other stages. */
interface StagePeers {

  /** Whether a stage lives here. */
  boolean isHere(int stage);

  /** Sends a message to the executor of a stage, and owns its tensors. */
  void send(int stage, Message.BetweenStages message, Tensors tensors);
}
