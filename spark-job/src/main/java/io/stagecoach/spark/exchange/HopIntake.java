package io.stagecoach.spark.exchange;

import io.stagecoach.stage.Hop;

/** The receiving end of a lane: hears of its hops on the transport's thread. */
interface HopIntake extends LaneEnd {

  /**
   * A hop's head has come.
   *
   * @param payload the bytes that follow; no more than the endpoint accepts
   * @return where they go
   * @throws RefusedException if it is not acceptable
   */
  PayloadSink begin(Hop hop, long payload);
}
