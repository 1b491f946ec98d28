package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.gpu.GpuRule;
import java.time.Duration;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * How many executors there are, and how many tasks run at once on them.
 *
 * @param executors executors that are up, the driver not counted unless it is the only process
 * @param tasks tasks that they can run at the same time
 */
record ExecutorSlots(int executors, int tasks) {

  private static final Duration POLL = Duration.ofMillis(100);

  /** What is there now. */
  static ExecutorSlots now(JavaSparkContext spark, GpuRule rule) {
    SparkExecutorInfo[] infos = spark.sc().statusTracker().getExecutorInfos();
    // The driver is listed as well; where it is all there is, it is the executor.
    int tasks = spark.sc().maxNumConcurrentTasks(rule.profile());
    return new ExecutorSlots(spark.sc().isLocal() ? 1 : infos.length - 1, tasks);
  }

  /**
   * Waits until there are enough executors for the stages.
   *
   * @param rule what a stage's task must have of its executor
   */
  static ExecutorSlots await(JavaSparkContext spark, int stages, GpuRule rule, Duration deadline) {
    long end = System.nanoTime() + deadline.toNanos();
    while (true) {
      ExecutorSlots slots = now(spark, rule);
      if (slots.executors() >= stages && slots.tasks() >= stages) {
        return slots;
      }
      if (System.nanoTime() - end > 0) {
        throw new StagecoachException(
            ErrorKind.CLUSTER,
            "The cluster gave "
                + slots.words(stages)
                + " within "
                + deadline.toSeconds()
                + " s; "
                + stages
                + " stages need one each",
            "Ask for more (spark.executor.instances), look why the cluster does not give them, lower"
                + " spark.stagecoach.stages, or raise spark.stagecoach.deadline.launch.");
      }
      try {
        Thread.sleep(POLL.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StagecoachException(
            ErrorKind.INTERRUPTED,
            "The run was interrupted while it waited for executors",
            Where.nowhere(),
            "",
            e);
      }
    }
  }

  /** What there is, and where that would do, for how many stages it has room. */
  private String words(int stages) {
    String there = executors + (executors == 1 ? " executor" : " executors");
    return executors < stages ? there : there + " with room for " + tasks + " stages";
  }

  /**
   * How many tasks a barrier job must have so that at least {@code stages} different executors get
   * one: Spark may put several tasks on one executor, so where executors have more than one slot,
   * every slot is taken and the spare tasks end at once.
   */
  int barrierTasks(int stages) {
    return tasks == executors ? stages : tasks;
  }
}
