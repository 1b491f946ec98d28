package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done about executors that fail: the one to blame is replaced, and others are waited for,
 * as often as the limits allow. What ran on them is the caller's to begin again.
 */
public final class ExecutorRecovery {

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorRecovery.class);

  private final ExecutorPool pool;
  private final int executors;
  private final Recovery limits;
  private final RecoveryBudget budget;

  /**
   * @param executors how many are wanted
   * @param nanoClock tells when an hour is over
   */
  public ExecutorRecovery(
      ExecutorPool pool, int executors, Recovery limits, LongSupplier nanoClock) {
    this.pool = pool;
    this.executors = executors;
    this.limits = limits;
    this.budget = new RecoveryBudget(limits, nanoClock);
  }

  /** Of the executors that a pipeline wants. */
  public static ExecutorRecovery of(PipelineSpec pipeline, Recovery limits) {
    return new ExecutorRecovery(
        new SparkExecutorPool(pipeline.spark().sc(), pipeline.pins()),
        pipeline.executors(),
        limits,
        System::nanoTime);
  }

  /** From now on others are placed: who may have their places. */
  void seat(SeatPins pins) {
    pool.seat(pins);
  }

  /** What was tried has come to its end: what went before is forgiven, but for the hour's limit. */
  public void ended() {
    budget.ended();
  }

  /**
   * Something has failed, and is to be tried again.
   *
   * @throws StagecoachException if it may not be: the first cause, with what was tried
   */
  public void spend(StagecoachException failure) {
    budget.spend(failure);
  }

  /**
   * Begins on all executors. One that is lost meanwhile is replaced; that there are too few is not
   * mended.
   *
   * @param launch what places something on them
   * @throws StagecoachException whatever that throws else, or where it was tried too often
   */
  public <T> T begin(Supplier<T> launch) {
    while (true) {
      try {
        return launch.get();
      } catch (StagecoachException e) {
        if (e.kind() != ErrorKind.EXECUTOR_LOST && e.kind() != ErrorKind.PEER) {
          throw e;
        }
        budget.spend(e);
        LOG.warn("{}; the stages are placed again", e.what());
        suspect(e, List.of()).ifPresent(pool::replace);
        pool.await(executors, limits.replacement());
      }
    }
  }

  /** The executor that is to blame, by what is known. A peer's word against a peer blames none. */
  private static Optional<String> suspect(StagecoachException failure, List<StageAddress> stages) {
    if (failure.kind() == ErrorKind.PEER) {
      return Optional.empty();
    }
    String named = failure.where().executor();
    if (!named.isEmpty()) {
      // Not the stage's: it may have been on its way to another executor than before.
      return Optional.of(Home.id(named));
    }
    return stages.stream()
        .filter(stage -> stage.stage() == failure.where().stage())
        .map(StageAddress::executor)
        .findFirst();
  }

  /**
   * The executors of some stages that are about to leave. What is between two steps can be placed
   * elsewhere before they do, and nothing is lost.
   */
  List<String> leaving(List<StageAddress> stages) {
    return stages.stream().map(StageAddress::executor).distinct().filter(pool::isLeaving).toList();
  }

  /**
   * Waits for others in the stead of executors that leave. To be called once nothing of the
   * caller's runs on them any more.
   *
   * @param leaving as {@link #leaving} has said
   * @return how many executors there are
   * @throws StagecoachException where there are fewer than the limits allow
   */
  int replaceLeaving(List<String> leaving) {
    int there = pool.await(executors, limits.replacement());
    if (there < atLeast()) {
      throw new StagecoachException(
          ErrorKind.EXECUTOR_LOST,
          "The cluster took executor "
              + String.join(", ", leaving)
              + " back (decommissioned); "
              + tooFew(there),
          "Look why the cluster gives no other one, or raise the wait.");
    }
    Optional<String> unfit = pool.unfit(there);
    if (unfit.isPresent()) {
      throw new StagecoachException(
          ErrorKind.EXECUTOR_LOST,
          "The cluster took executor "
              + String.join(", ", leaving)
              + " back (decommissioned); "
              + noneInTime(unfit.get()),
          SeatPins.REMEDY);
    }
    return there;
  }

  /**
   * On how many executors what is on fewer than are wanted can be now: on more where others have
   * come and may have its places, for as long as not so many were lost within the hour that each
   * that comes and goes again brings the end of the run nearer.
   *
   * @param now on how many it is
   */
  int spread(int now) {
    if (now >= executors || !budget.isEasy()) {
      return now;
    }
    int there = Math.min(executors, pool.count());
    return there > now && pool.isKnownToFit(there) ? there : now;
  }

  private int atLeast() {
    return Math.min(executors, limits.leastExecutors());
  }

  private String tooFew(int there) {
    return noneInTime("there are " + there + " executors of " + executors);
  }

  private String noneInTime(String what) {
    return what
        + ", and no other came within "
        + limits.replacement().toSeconds()
        + " s (spark.stagecoach.recovery.replacement)";
  }

  /**
   * Has the executor to blame replaced, and waits for it. To be called once nothing of the caller's
   * runs on the executors any more, and after {@link #spend}.
   *
   * @param stages where they were
   * @return how many executors there are
   * @throws StagecoachException the first cause, where there are fewer than the limits allow
   */
  public int replace(StagecoachException failure, List<StageAddress> stages) {
    suspect(failure, stages).ifPresent(pool::replace);
    int there = pool.await(executors, limits.replacement());
    if (there < atLeast()) {
      throw budget.end(tooFew(there));
    }
    Optional<String> unfit = pool.unfit(there);
    if (unfit.isPresent()) {
      throw budget.end(noneInTime(unfit.get()));
    }
    return there;
  }
}
