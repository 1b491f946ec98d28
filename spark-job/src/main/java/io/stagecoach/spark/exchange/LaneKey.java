package io.stagecoach.spark.exchange;

/** The receiving stage of lanes, in one cut. */
record LaneKey(long epoch, int to) {}
