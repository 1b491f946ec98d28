package io.stagecoach.spark.exchange;

/** Takes the lanes that lead to one stage. */
interface LaneAcceptor {

  /**
   * A neighbour has opened its lane.
   *
   * @return the lane's receiving end
   * @throws RefusedException if that stage is no neighbour
   */
  HopIntake accept(Link link, int from);
}
