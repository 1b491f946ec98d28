package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * Runs jobs of one task per executor, one at a time. The first failure of a task, or the loss of an
 * executor, ends the job at once, and is what the caller is told; Spark by itself would first try
 * the task some times more.
 */
final class PinnedJobs implements AutoCloseable {

  /** A failed job's cause is told by the listeners, which are not the scheduler's own thread. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** How often executors that say nothing are looked for, while a job runs. */
  private static final Duration LOOK = Duration.ofMillis(250);

  private final SparkContext spark;
  private final String group;
  private final Duration heartbeat;
  private final ExecutorHeartbeats heartbeats;
  private final Watch watch = new Watch();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread own = new Thread(work, "stagecoach-steps");
            own.setDaemon(true);
            return own;
          });
  private volatile CompletableFuture<RuntimeException> cause = new CompletableFuture<>();
  private volatile List<Home> homes = List.of();

  /**
   * @param heartbeat how long an executor's sign of life is waited for; no less than three of
   *     Spark's own intervals
   */
  PinnedJobs(SparkContext spark, UUID run, Duration heartbeat) {
    this.spark = spark;
    this.heartbeat = heartbeat;
    this.heartbeats = ExecutorHeartbeats.of(spark);
    this.group = "stagecoach-" + run;
    spark.addSparkListener(watch);
  }

  /**
   * Runs a job to its end.
   *
   * @param what a person reads in Spark's UI
   * @param on where its tasks are; the loss of one of these ends the job
   * @return the values of all records, by executor
   * @throws MisplacedException where Spark put a task elsewhere
   * @throws StagecoachException the first cause of any other failure
   */
  List<Object> run(PinnedRdd rdd, String what, List<Home> on, Duration deadline) {
    cause = new CompletableFuture<>();
    homes = on;
    Future<Object[]> job = thread.submit(() -> submit(rdd, what));
    try {
      List<Object> all = new ArrayList<>();
      for (Object values : await(job, what, deadline)) {
        all.addAll(List.of((Object[]) values));
      }
      return all;
    } catch (ExecutionException e) {
      throw firstCause(e.getCause());
    } catch (InterruptedException e) {
      spark.cancelJobGroup(group);
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, "The run was interrupted", Where.nowhere(), "", e);
    }
  }

  private Object[] await(Future<Object[]> job, String what, Duration deadline)
      throws ExecutionException, InterruptedException {
    long end = System.nanoTime() + deadline.toNanos();
    while (true) {
      long left = Math.min(end - System.nanoTime(), LOOK.toNanos());
      try {
        return job.get(Math.max(1, left), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        if (System.nanoTime() >= end) {
          StagecoachException late = late(what, deadline);
          spark.cancelJobGroup(group);
          throw late;
        }
        heartbeats.silent(homes, heartbeat).ifPresent(watch::fail);
      }
    }
  }

  private StagecoachException late(String what, Duration deadline) {
    List<Home> busy = homes.stream().filter(watch::isBusy).toList();
    return new StagecoachException(
        ErrorKind.DEADLINE,
        "'"
            + what
            + "' did not end within "
            + deadline.toSeconds()
            + " s; waited for are: "
            + String.join(", ", busy.stream().map(Home::words).toList()),
        busy.size() == 1 ? Where.nowhere().onExecutor(busy.get(0).words()) : Where.nowhere(),
        "Look at the executors' logs: one is stuck, or much slower than expected. The wait is"
            + " spark.stagecoach.deadline.step.",
        null);
  }

  private Object[] submit(PinnedRdd rdd, String what) {
    spark.setJobGroup(group, what, true);
    return (Object[])
        spark.runJob(rdd, new Values(), ClassTag$.MODULE$.<Object>apply(Object.class));
  }

  private RuntimeException firstCause(Throwable failure) {
    try {
      return cause.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return typed(failure);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return typed(failure);
    }
  }

  /** The cause among a failure's causes that says most. */
  private static RuntimeException typed(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof StagecoachException known) {
        return known;
      } else if (at instanceof MisplacedException misplaced) {
        return misplaced;
      }
    }
    return MemoryShortage.typed("a task of the step", Where.nowhere(), failure)
        .orElseGet(
            () ->
                new StagecoachException(
                    ErrorKind.CLUSTER,
                    "A Spark job of the stages failed: "
                        + String.valueOf(failure.getMessage()).lines().findFirst().orElse(""),
                    Where.nowhere(),
                    "The executors' logs say more.",
                    failure));
  }

  @Override
  public void close() {
    spark.removeSparkListener(watch);
    thread.shutdownNow();
  }

  /** A partition's values, where it ran. */
  private static final class Values
      extends AbstractFunction1<Iterator<Tuple2<Integer, Object>>, Object> implements Serializable {

    private static final long serialVersionUID = 1L;

    @Override
    public Object apply(Iterator<Tuple2<Integer, Object>> records) {
      List<Object> values = new ArrayList<>();
      while (records.hasNext()) {
        values.add(records.next()._2());
      }
      return values.toArray();
    }
  }

  /** Hears of failures before Spark gives up. */
  private final class Watch extends SparkListener {

    private final Set<Object> stages = ConcurrentHashMap.newKeySet();
    private final Map<Long, String> tasks = new ConcurrentHashMap<>();

    /** Whether a task of the job runs there. */
    boolean isBusy(Home home) {
      return tasks.containsValue(home.executor());
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
      if (stages.contains(start.stageId())) {
        tasks.put(start.taskInfo().taskId(), start.taskInfo().executorId());
      }
    }

    @Override
    public void onJobStart(SparkListenerJobStart start) {
      if (start.properties() != null
          && group.equals(start.properties().getProperty("spark.jobGroup.id"))) {
        stages.clear();
        JavaConverters.asJavaCollection(start.stageIds()).forEach(stages::add);
      }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      tasks.remove(end.taskInfo().taskId());
      if (!stages.contains(end.stageId()) || !(end.reason() instanceof ExceptionFailure failed)) {
        return;
      }
      RuntimeException why =
          failed.exception().isDefined()
              ? typed(failed.exception().get())
              : typed(new IllegalStateException(failed.description()));
      String executor = end.taskInfo().executorId();
      fail(
          why instanceof StagecoachException known
              ? known.at(
                  Where.nowhere().onExecutor(new Home(executor, end.taskInfo().host()).words()))
              : why);
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
      homes.stream()
          .filter(home -> home.executor().equals(removed.executorId()))
          .forEach(
              home ->
                  fail(
                      new StagecoachException(
                          ErrorKind.EXECUTOR_LOST,
                          "Executor " + home.words() + " was lost",
                          Where.nowhere().onExecutor(home.words()),
                          "Its log says why; on YARN and Kubernetes look for a container killed"
                              + " for its memory.",
                          new IllegalStateException(removed.reason()))));
    }

    private void fail(RuntimeException why) {
      if (cause.complete(why)) {
        spark.cancelJobGroup(group);
      }
    }
  }
}
