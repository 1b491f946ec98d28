package io.stagecoach.spark.cluster;

import io.stagecoach.plan.DeviceKind;
import java.util.EnumSet;
import java.util.Set;

/** What executors compute on, as far as that is known before stages are on them. */
@FunctionalInterface
public interface DeviceKinds {

  /** Nothing is known of anyone. */
  DeviceKinds UNKNOWN = executor -> EnumSet.allOf(DeviceKind.class);

  /**
   * What an executor may compute on: both where nobody knows yet.
   *
   * @param executor Spark's id of it
   */
  Set<DeviceKind> of(String executor);

  /** Finds out what can be found out, while nothing of ours runs on the executors. */
  default void ask() {}
}
