package io.stagecoach.spark.cluster;

import io.stagecoach.plan.DeviceKind;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/** What is known of executors' devices before stages are on them. */
@FunctionalInterface
public interface DeviceFacts {

  /** Nothing is known of anyone. */
  DeviceFacts UNKNOWN = executor -> EnumSet.allOf(DeviceKind.class);

  /**
   * What an executor may compute on: both where nobody knows yet.
   *
   * @param executor Spark's id of it
   */
  Set<DeviceKind> of(String executor);

  /**
   * What an executor has room for, in bytes of stages by their estimates; empty where nobody knows
   * yet.
   *
   * @param executor Spark's id of it
   */
  default OptionalLong room(String executor) {
    return OptionalLong.empty();
  }

  /** Finds out of what kind they are, as far as that can be, while nothing of ours runs on them. */
  default void ask() {}

  /** The same, and what they have room for. */
  default void askForRoom() {}
}
