package io.stagecoach.spark.cluster;

import io.stagecoach.batch.ReadOptions;
import java.io.Serializable;
import java.time.Duration;

/**
 * How the stages read the batch store, as it travels in a message.
 *
 * @param location the store's directory, as a URI; empty where there is no store
 * @param order the order of training
 * @param seed what the order is drawn from
 * @param windowChunks within how many chunks rows are shuffled
 * @param cacheBytes how much of the store a stage holds in memory
 * @param floats in which type floats are handed to the model
 * @param deadlineMillis how long a read may take, in milliseconds
 */
public record StoreAccess(
    String location,
    ReadOptions.Order order,
    long seed,
    int windowChunks,
    long cacheBytes,
    ReadOptions.Floats floats,
    long deadlineMillis)
    implements Serializable {

  /** A store that is read with these options. */
  public static StoreAccess of(String location, ReadOptions options) {
    return new StoreAccess(
        location,
        options.order(),
        options.seed(),
        options.windowChunks(),
        options.cacheBytes(),
        options.floats(),
        options.deadline().toMillis());
  }

  /** No store: the pipeline is only given what it reads. */
  public static StoreAccess none() {
    return new StoreAccess("", ReadOptions.Order.STORED, 0, 1, 0, ReadOptions.Floats.FLOAT32, 0);
  }

  /** Whether there is a store. */
  boolean exists() {
    return !location.isEmpty();
  }

  ReadOptions toOptions() {
    return new ReadOptions(
        order, seed, windowChunks, cacheBytes, floats, Duration.ofMillis(deadlineMillis));
  }
}
