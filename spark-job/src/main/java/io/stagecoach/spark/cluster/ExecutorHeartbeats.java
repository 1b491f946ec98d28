package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/**
 * When Spark itself last heard of its executors: known also of those that host no stage, or have
 * not got in touch with the driver's own endpoint.
 */
final class ExecutorHeartbeats extends SparkListener {

  /** One for an application, so that who hangs is known whoever asks first. */
  private static final Map<SparkContext, ExecutorHeartbeats> ALL =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final long leastNanos;
  private final LongSupplier nanoClock;
  private final Map<String, Long> heard = new ConcurrentHashMap<>();

  ExecutorHeartbeats(SparkConf conf, LongSupplier nanoClock) {
    this.leastNanos = 3_000_000 * conf.getTimeAsMs("spark.executor.heartbeatInterval", "10s");
    this.nanoClock = nanoClock;
  }

  /** Those of an application's executors, listened to from the first call on. */
  static ExecutorHeartbeats of(SparkContext spark) {
    return ALL.computeIfAbsent(
        spark,
        added -> {
          ExecutorHeartbeats heartbeats = new ExecutorHeartbeats(added.conf(), System::nanoTime);
          added.addSparkListener(heartbeats);
          return heartbeats;
        });
  }

  /**
   * The first of these executors that has been silent for too long, as an error. One that nothing
   * is known of is waited for from now on.
   *
   * @param patience how long a sign of life is waited for; no less than three of Spark's intervals
   */
  Optional<StagecoachException> silent(Collection<Home> homes, Duration patience) {
    long now = nanoClock.getAsLong();
    long silence = Math.max(patience.toNanos(), leastNanos);
    return homes.stream()
        .filter(
            home -> {
              Long last = heard.putIfAbsent(home.executor(), now);
              return last != null && now - last > silence;
            })
        .findFirst()
        .map(
            home ->
                new StagecoachException(
                    ErrorKind.EXECUTOR_LOST,
                    "Executor "
                        + home.words()
                        + " has given no sign of life for "
                        + silence / 1e9
                        + " s",
                    Where.nowhere().onExecutor(home.words()),
                    "Its process hangs, or its host is out of reach; its log may say more. The wait"
                        + " is spark.stagecoach.deadline.heartbeat, or three times"
                        + " spark.executor.heartbeatInterval.",
                    null));
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded added) {
    heard.put(added.executorId(), nanoClock.getAsLong());
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    heard.put(update.execId(), nanoClock.getAsLong());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    heard.remove(removed.executorId());
  }
}
