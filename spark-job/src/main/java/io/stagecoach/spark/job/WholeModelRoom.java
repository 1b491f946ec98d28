package io.stagecoach.spark.job;

import io.stagecoach.plan.Quantity;
import io.stagecoach.spark.doctor.ExecutorMemory;
import org.apache.spark.SparkConf;

/**
 * Whether a whole model has room in an executor. While it is loaded its weights are there twice, in
 * the heap as they came and beside it as arrays, each time with as much again for the work on them.
 *
 * @param weights how many bytes the weights have
 * @param room how many they may have
 */
record WholeModelRoom(long weights, long room) {

  /** The room in the executors of an application. */
  static WholeModelRoom of(long weights, SparkConf settings) {
    ExecutorMemory memory = ExecutorMemory.of(settings);
    return new WholeModelRoom(weights, Math.min(memory.heap(), memory.besideHeap()) / 2);
  }

  boolean isEnough() {
    return weights <= room;
  }

  /** What a user reads where it is not. */
  String lack() {
    return "The model's weights are "
        + Quantity.bytes(weights)
        + ", and an executor has room for "
        + Quantity.bytes(room)
        + " of them, half of the smaller of spark.executor.memory and memoryOverhead";
  }
}
