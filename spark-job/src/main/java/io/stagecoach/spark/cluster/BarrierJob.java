package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.gpu.GpuRule;
import java.io.Serializable;
import java.time.Duration;
import java.util.Collections;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/** The one Spark job in which the stages live, run on a thread of its own. */
final class BarrierJob {

  private static final Logger LOG = LoggerFactory.getLogger(BarrierJob.class);

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final long POLL_MILLIS = 100;

  private final JavaSparkContext spark;
  private final String group;
  private final Thread thread;

  private BarrierJob(JavaSparkContext spark, String group, Thread thread) {
    this.spark = spark;
    this.group = group;
    this.thread = thread;
  }

  /**
   * Starts the job.
   *
   * @param tasks how many tasks; they all run at once
   * @param task what each does
   * @param rule what each must have of its executor
   * @param failed is told if the job fails, on the job's thread
   */
  static BarrierJob start(
      JavaSparkContext spark,
      int tasks,
      StageHostTask task,
      GpuRule rule,
      Consumer<StagecoachException> failed) {
    String group = "stagecoach-" + task.runId();
    Thread thread =
        new Thread(
            () -> {
              try {
                spark.setJobGroup(group, "Stagecoach: the stages of the pipeline at work", true);
                RDD<Integer> partitions =
                    spark.parallelize(IntStream.range(0, tasks).boxed().toList(), tasks).rdd();
                rule.on(
                        partitions
                            .barrier()
                            .mapPartitions(
                                new HostPartition(task),
                                false,
                                ClassTag$.MODULE$.<Integer>apply(Integer.class)))
                    .collect();
              } catch (Exception e) {
                failed.accept(
                    new StagecoachException(
                        ErrorKind.CLUSTER,
                        "The Spark job of the stages ended: " + firstLine(e),
                        Where.nowhere(),
                        "The executors' logs say more.",
                        e));
              }
            },
            "stagecoach-stages");
    thread.setDaemon(true);
    thread.start();
    return new BarrierJob(spark, group, thread);
  }

  /** Has the job end at once. */
  void cancel() {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (thread.isAlive() && System.nanoTime() < end) {
        // Again and again: one that is just being started is not known yet.
        spark.cancelJobGroup(group);
        thread.join(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for the job to end, and cancels it if it does not in time. */
  void end(Duration patience) {
    try {
      thread.join(patience.toMillis());
      if (thread.isAlive()) {
        LOG.warn(
            "The stages did not end within {} s; their job is cancelled", patience.toSeconds());
        spark.cancelJobGroup(group);
        thread.join(patience.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      spark.cancelJobGroup(group);
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.getClass().getSimpleName());
  }

  /** A task of the job, as Scala calls it. */
  private static final class HostPartition
      extends AbstractFunction1<Iterator<Integer>, Iterator<Integer>> implements Serializable {

    private static final long serialVersionUID = 1L;

    private final StageHostTask task;

    HostPartition(StageHostTask task) {
      this.task = task;
    }

    @Override
    public Iterator<Integer> apply(Iterator<Integer> partition) {
      task.run();
      return scala.collection.JavaConverters.asScalaIterator(Collections.emptyIterator());
    }
  }
}
