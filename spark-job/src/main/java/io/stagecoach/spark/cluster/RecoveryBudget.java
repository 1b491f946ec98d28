package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.LongSupplier;

/** Says whether a failure may be followed by another try, or is the end of the run. */
final class RecoveryBudget {

  private static final long HOUR = Duration.ofHours(1).toNanos();

  /** What another placement may mend. Whatever else fails would fail again. */
  private static final Set<ErrorKind> OF_THE_CLUSTER =
      EnumSet.of(ErrorKind.EXECUTOR_LOST, ErrorKind.PEER, ErrorKind.DEADLINE, ErrorKind.CLUSTER);

  private final Recovery limits;
  private final LongSupplier nanoClock;
  private final Deque<Long> spent = new ArrayDeque<>();
  private StagecoachException first;
  private int tries;

  RecoveryBudget(Recovery limits, LongSupplier nanoClock) {
    this.limits = limits;
    this.nanoClock = nanoClock;
  }

  /** A step has ended: what went before it is forgiven, as far as the hour's limit allows. */
  void ended() {
    first = null;
    tries = 0;
  }

  /**
   * A step has failed, and is to be tried again.
   *
   * @throws StagecoachException if it may not be: the first cause, with what was tried
   */
  void spend(StagecoachException cause) {
    if (!OF_THE_CLUSTER.contains(cause.kind())) {
      throw cause;
    }
    if (first == null) {
      first = cause;
    }
    forgetOld();
    if (tries >= limits.attempts()) {
      throw limits.attempts() == 0
          ? cause
          : end("the step was tried " + (tries + 1) + " times", "attempts");
    }
    if (spent.size() >= limits.perHour()) {
      throw end("steps were run again " + spent.size() + " times within the hour", "perHour");
    }
    tries++;
    spent.addLast(nanoClock.getAsLong());
  }

  /** Whether no more than half of what may fail within an hour has. */
  boolean isEasy() {
    forgetOld();
    return 2 * spent.size() < limits.perHour();
  }

  private void forgetOld() {
    long now = nanoClock.getAsLong();
    while (!spent.isEmpty() && now - spent.peekFirst() > HOUR) {
      spent.removeFirst();
    }
  }

  /** The first cause, as the end of the run, with a reason why it is not tried again. */
  StagecoachException end(String why) {
    return new StagecoachException(
        first.kind(), first.what() + "; " + why, first.where(), first.remedy(), first);
  }

  private StagecoachException end(String why, String setting) {
    return end(why + " (spark.stagecoach.recovery." + setting + ")");
  }
}
