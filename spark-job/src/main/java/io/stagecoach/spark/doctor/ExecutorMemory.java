package io.stagecoach.spark.doctor;

import org.apache.spark.SparkConf;

/**
 * The memory that an executor is given.
 *
 * @param heap in bytes
 * @param besideHeap what it may take beside its heap, in bytes
 */
public record ExecutorMemory(long heap, long besideHeap) {

  /** As an application's settings, or Spark's own defaults, say it. */
  public static ExecutorMemory of(SparkConf settings) {
    return new ExecutorMemory(
        MemorySettings.heap(settings, "executor"), MemorySettings.overhead(settings, "executor"));
  }
}
