package io.stagecoach.spark.exchange;

import io.stagecoach.stage.Hop;

/** The sending end of a lane: hears of its credit on the transport's thread. */
interface CreditHearer extends LaneEnd {

  /** So many hops of this kind may have been sent in all. */
  void granted(Hop.Kind kind, long total);
}
