package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.DeviceRoom;
import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.spark.cluster.AskedDevices;
import io.stagecoach.spark.cluster.EveryExecutor;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * What executors have room for, where the memory limit is that and all have the same: then all that
 * is chosen can be chosen within it. Executors that differ are looked at one by one, when a plan is
 * made for them.
 */
final class CommonRoom {

  private CommonRoom() {}

  /** The settings, with the executors' room in the place of a limit that is that. */
  static StagecoachConf settle(SparkSession spark, StagecoachConf conf) {
    if (!conf.memoryLimit().equals(new DeviceMemory(DeviceMemory.OWN, Map.of()))) {
      return conf;
    }
    EveryExecutor.await(
        JavaSparkContext.fromSparkContext(spark.sparkContext()),
        conf.executors(),
        conf.deadlineLaunch());
    List<Long> rooms =
        AskedDevices.of(spark.sparkContext()).rooms().stream()
            .map(DeviceRoom::forStages)
            .distinct()
            .toList();
    return rooms.size() == 1
        ? conf.withMemoryLimit(new DeviceMemory(rooms.get(0), Map.of()))
        : conf;
  }
}
