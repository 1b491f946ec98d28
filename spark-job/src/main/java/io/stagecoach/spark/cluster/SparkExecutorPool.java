package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.TaskScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/** Executors as Spark counts them. */
final class SparkExecutorPool implements ExecutorPool {

  private static final Logger LOG = LoggerFactory.getLogger(SparkExecutorPool.class);

  /** Spark hears of an executor's end a moment after its connections have broken. */
  private static final Duration BY_ITSELF = Duration.ofSeconds(1);

  /** A worker gives a process ten seconds to end before it kills it. */
  private static final Duration BY_ORDER = Duration.ofSeconds(20);

  private static final long POLL_MILLIS = 50;

  private final SparkContext spark;
  private SeatPins pins;

  SparkExecutorPool(SparkContext spark, SeatPins pins) {
    this.spark = spark;
    this.pins = pins;
  }

  @Override
  public int count() {
    // Without executor processes the driver is the one that there is.
    return spark.isLocal()
        ? 1
        : (int)
            JavaConverters.asJavaCollection(spark.getExecutorIds()).stream()
                .filter(executor -> !isLeaving(executor))
                .count();
  }

  @Override
  public boolean isLeaving(String executor) {
    TaskScheduler scheduler = spark.taskScheduler();
    // There is none any more where Spark was stopped.
    return scheduler != null && scheduler.getExecutorDecommissionState(executor).isDefined();
  }

  private boolean isThere(String executor) {
    return JavaConverters.asJavaCollection(spark.getExecutorIds()).contains(executor);
  }

  @Override
  public void replace(String executor) {
    if (within(BY_ITSELF, () -> !isThere(executor))) {
      return;
    }
    LOG.warn("Executor {} is asked to end, and to be replaced", executor);
    spark.killAndReplaceExecutor(executor);
    if (!within(BY_ORDER, () -> !isThere(executor))) {
      LOG.warn(
          "Executor {} did not end within {} s; Spark goes on counting it",
          executor,
          BY_ORDER.toSeconds());
    }
  }

  @Override
  public int await(int wanted, Duration deadline) {
    // What has been ended does not give another one.
    within(deadline, () -> (count() >= wanted && unfit(wanted).isEmpty()) || spark.isStopped());
    return Math.min(wanted, count());
  }

  /**
   * Waits until those that are there can take the places of a pipeline as pins want it.
   *
   * @return why they cannot, where it was in vain
   */
  Optional<String> awaitFit(int executors, Duration deadline) {
    within(deadline, () -> unfit(executors).isEmpty());
    return unfit(executors);
  }

  @Override
  public void seat(SeatPins others) {
    pins = others;
  }

  @Override
  public Optional<String> unfit(int executors) {
    if (pins.isEmpty()) {
      return Optional.empty();
    }
    pins.ask();
    return pins.unmet(executors, staying());
  }

  private List<Home> staying() {
    return Home.all(spark).stream().filter(home -> !isLeaving(home.executor())).toList();
  }

  @Override
  public boolean isKnownToFit(int executors) {
    List<Home> there = staying();
    return pins.isEmpty() || (pins.areKnown(there) && pins.unmet(executors, there).isEmpty());
  }

  private static boolean within(Duration deadline, BooleanSupplier condition) {
    long end = System.nanoTime() + deadline.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StagecoachException(
            ErrorKind.INTERRUPTED,
            "The run was interrupted while it waited for an executor",
            Where.nowhere(),
            "",
            e);
      }
    }
    return true;
  }
}
