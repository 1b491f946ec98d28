package io.stagecoach.spark.exchange;

import io.stagecoach.error.StagecoachException;

/** One end of a lane: hears on the transport's thread how its connection ended. */
interface LaneEnd {

  /** The other side closed it in order, after everything that it had sent. */
  void left(StagecoachException why);

  /** It broke, or the other side was sent away. */
  void lost(StagecoachException why);
}
