package io.stagecoach.spark.gpu;

import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.ResourceProfileManager;
import org.apache.spark.resource.TaskResourceRequests;

/**
 * What a task that computes for a stage must have of its executor. Where executors have GPUs that
 * other tasks do not ask for, it takes a whole one, by a profile of its own: those that prepare the
 * data so need none, and as many of them run at once as the executor has cores.
 */
public final class GpuRule {

  private final ResourceProfile usual;
  private final Optional<ResourceProfile> own;

  private GpuRule(ResourceProfile usual, Optional<ResourceProfile> own) {
    this.usual = usual;
    this.own = own;
  }

  /** The rule of an application. */
  public static GpuRule of(SparkContext spark) {
    StageGpu gpu = StageGpu.of(GpuSettings.of(spark.getConf()), spark.master(), spark.version());
    return new GpuRule(
        spark.resourceProfileManager().defaultResourceProfile(),
        gpu == StageGpu.BY_PROFILE ? Optional.of(wholeGpu(spark)) : Optional.empty());
  }

  /** Spark keeps every profile that it is told of: it is told of one. */
  private static ResourceProfile wholeGpu(SparkContext spark) {
    ResourceProfileManager profiles = spark.resourceProfileManager();
    ResourceProfile profile =
        new ResourceProfileBuilder()
            .require(
                new TaskResourceRequests()
                    // Spark counts slots by them, and fails where a profile has none.
                    .cpus(spark.getConf().getInt("spark.task.cpus", 1))
                    .resource(GpuSettings.RESOURCE, 1))
            .build();
    synchronized (GpuRule.class) {
      return profiles
          .getEquivalentProfile(profile)
          .getOrElse(
              () -> {
                profiles.addResourceProfile(profile);
                return profile;
              });
    }
  }

  /** What such a task asks for. */
  public ResourceProfile profile() {
    return own.orElse(usual);
  }

  /** Has the tasks of an RDD follow the rule. */
  public <R extends RDD<?>> R on(R rdd) {
    own.ifPresent(rdd::withResources);
    return rdd;
  }
}
