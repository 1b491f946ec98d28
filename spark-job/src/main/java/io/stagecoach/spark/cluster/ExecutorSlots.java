package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
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
  static ExecutorSlots now(JavaSparkContext spark) {
    SparkExecutorInfo[] infos = spark.sc().statusTracker().getExecutorInfos();
    // The driver is listed as well; where it is all there is, it is the executor.
    int tasks =
        spark
            .sc()
            .maxNumConcurrentTasks(spark.sc().resourceProfileManager().defaultResourceProfile());
    return new ExecutorSlots(spark.sc().isLocal() ? 1 : infos.length - 1, tasks);
  }

  /** Waits until there are enough executors for the stages. */
  static ExecutorSlots await(JavaSparkContext spark, int stages, Duration deadline) {
    long end = System.nanoTime() + deadline.toNanos();
    while (true) {
      ExecutorSlots slots = now(spark);
      if (slots.executors() >= stages && slots.tasks() >= stages) {
        return slots;
      }
      if (System.nanoTime() - end > 0) {
        throw new StagecoachException(
            ErrorKind.CLUSTER,
            "The cluster gave "
                + slots.executors()
                + (slots.executors() == 1 ? " executor" : " executors")
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

  /**
   * How many tasks a barrier job must have so that at least {@code stages} different executors get
   * one: Spark may put several tasks on one executor, so where executors have more than one slot,
   * every slot is taken and the spare tasks end at once.
   */
  int barrierTasks(int stages) {
    return tasks == executors ? stages : tasks;
  }
}
