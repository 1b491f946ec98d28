package io.stagecoach.spark.cluster;

import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.Where;
import io.stagecoach.spark.gpu.GpuClaims;
import java.io.Serializable;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A task of the barrier job: hosts a stage if it is the first of this run on its executor, and ends
 * at once otherwise.
 */
final class StageHostTask implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Runs that have a host in this executor: one stage per executor, whatever its cores. */
  private static final Set<UUID> HOSTED = ConcurrentHashMap.newKeySet();

  private final HostSettings settings;
  private final SerializableConfiguration hadoop;

  StageHostTask(HostSettings settings, SerializableConfiguration hadoop) {
    this.settings = settings;
    this.hadoop = hadoop;
  }

  UUID runId() {
    return settings.runId();
  }

  void run() {
    if (!HOSTED.add(settings.runId())) {
      return;
    }
    KeptSlices.dropForgotten();
    try (StageHost host =
        StageHost.open(
            SparkEnv.get(),
            settings,
            new StageBuilder(settings, hadoop.value()),
            GpuClaims::here)) {
      host.serve(TaskContext.get()::isInterrupted);
    } catch (OutOfMemoryError e) {
      throw MemoryShortage.of(
          "the start of an executor's stages",
          Where.nowhere().onExecutor(SparkEnv.get().executorId()),
          e);
    } finally {
      HOSTED.remove(settings.runId());
    }
  }
}
