package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spark itself waits for ever for another executor when a job's last one has gone. This ends the
 * jobs of an application that has had none for too long.
 */
public final class ExecutorWatch implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorWatch.class);

  private static final long POLL_MILLIS = 500;

  /** What is watched. */
  interface Application {

    /** How many executors it has. */
    int executors();

    /** Whether a job of it runs, or waits to. */
    boolean hasJobs();

    /** Ends all its jobs. */
    void cancelJobs();
  }

  private final Application application;
  private final Duration deadline;
  private final LongSupplier nanoClock;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "stagecoach-executor-watch");
            thread.setDaemon(true);
            return thread;
          });
  private Future<?> looks = CompletableFuture.completedFuture(null);
  private long aloneSince;
  private boolean alone;
  private volatile StagecoachException verdict;

  ExecutorWatch(Application application, Duration deadline, LongSupplier nanoClock) {
    this.application = application;
    this.deadline = deadline;
    this.nanoClock = nanoClock;
  }

  /**
   * Watches until it is closed; an application that computes in the driver's process has nothing to
   * watch.
   *
   * @param deadline for how long a job may be without any executor
   */
  public static ExecutorWatch over(SparkContext spark, Duration deadline) {
    ExecutorWatch watch =
        new ExecutorWatch(new SparkApplication(spark), deadline, System::nanoTime);
    if (!spark.isLocal()) {
      watch.looks =
          watch.timer.scheduleWithFixedDelay(
              watch::look, POLL_MILLIS, POLL_MILLIS, TimeUnit.MILLISECONDS);
    }
    return watch;
  }

  /** Of kind {@link ErrorKind#CLUSTER}, where this ended the application's jobs. */
  public Optional<StagecoachException> verdict() {
    return Optional.ofNullable(verdict);
  }

  void look() {
    if (application.executors() > 0 || !application.hasJobs()) {
      alone = false;
      return;
    }
    long now = nanoClock.getAsLong();
    if (!alone) {
      alone = true;
      aloneSince = now;
    } else if (verdict == null && now - aloneSince >= deadline.toNanos()) {
      verdict =
          new StagecoachException(
              ErrorKind.CLUSTER,
              "All executors are gone, and the cluster gave no other within "
                  + deadline.toSeconds()
                  + " s",
              "Spark's messages above say how they ended, and the cluster manager why it starts no"
                  + " other. To wait longer, raise spark.stagecoach.deadline.launch.");
      LOG.error("{}; the job is ended", verdict.what());
      application.cancelJobs();
    }
  }

  @Override
  public void close() {
    looks.cancel(true);
    timer.shutdownNow();
  }

  private record SparkApplication(SparkContext spark) implements Application {

    @Override
    public int executors() {
      return spark.isStopped() ? 0 : spark.getExecutorIds().size();
    }

    @Override
    public boolean hasJobs() {
      return !spark.isStopped() && spark.statusTracker().getActiveJobIds().length > 0;
    }

    @Override
    public void cancelJobs() {
      spark.cancelAllJobs();
    }
  }
}
