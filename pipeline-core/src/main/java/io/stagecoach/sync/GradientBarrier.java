package io.stagecoach.sync;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Where a step waits until every stage has brought its part. Parts of another step or attempt, and
 * parts brought twice, are closed and dropped, so that nothing can be added twice. The first
 * failure ends the wait, and every later one.
 */
public final class GradientBarrier {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final StagePart[] parts;

  /** Those that nobody has been told of. */
  private final Deque<GradientPiece> pieces = new ArrayDeque<>();

  private long step = -1;
  private int attempt = -1;
  private StagecoachException failure;

  public GradientBarrier(int stages) {
    this.parts = new StagePart[stages];
  }

  /** Opens the barrier for a try of a step; what was brought for another one is dropped. */
  public void open(long newStep, int newAttempt) {
    lock.lock();
    try {
      for (int i = 0; i < parts.length; i++) {
        if (parts[i] != null) {
          parts[i].close();
          parts[i] = null;
        }
      }
      pieces.forEach(GradientPiece::close);
      pieces.clear();
      step = newStep;
      attempt = newAttempt;
    } finally {
      lock.unlock();
    }
  }

  /** Brings a part, and owns it. */
  public void arrive(StagePart part) {
    lock.lock();
    try {
      int stage = part.report().stage();
      if (!isExpected(part.report().step(), part.report().attempt(), stage)) {
        part.close();
        return;
      }
      parts[stage] = part;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Brings a piece of a part that is still to come, and owns it. */
  public void arrive(GradientPiece piece) {
    lock.lock();
    try {
      if (!isExpected(piece.step(), piece.attempt(), piece.stage())) {
        piece.close();
        return;
      }
      pieces.add(piece);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean isExpected(long ofStep, int ofAttempt, int stage) {
    return ofStep == step
        && ofAttempt == attempt
        && stage >= 0
        && stage < parts.length
        && parts[stage] == null;
  }

  /** Ends this wait and all later ones; only the first cause counts. */
  public void fail(StagecoachException cause) {
    lock.lock();
    try {
      if (failure == null) {
        failure = cause;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for all parts, in stage order, and hands them over.
   *
   * @param arrivals hears of each piece and each part when it has come, on the thread that waits,
   *     before all parts are handed over
   * @throws StagecoachException the first failure; or DEADLINE, naming the stages that are missing
   */
  public List<StagePart> await(Duration deadline, GradientArrivals arrivals) {
    long end = System.nanoTime() + deadline.toNanos();
    Set<Integer> seen = new HashSet<>();
    while (seen.size() < parts.length) {
      // Whoever opens the barrier is who waits at it: nothing closes the part meanwhile.
      next(seen, end, deadline).accept(arrivals);
    }
    lock.lock();
    try {
      throwIfFailed();
      List<StagePart> all = new ArrayList<>(Arrays.asList(parts));
      Arrays.fill(parts, null);
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** What has come and was not told yet: a stage's pieces before its part. */
  private Consumer<GradientArrivals> next(Set<Integer> seen, long end, Duration deadline) {
    lock.lock();
    try {
      while (true) {
        throwIfFailed();
        if (!pieces.isEmpty()) {
          GradientPiece piece = pieces.remove();
          return arrivals -> arrivals.arrived(piece);
        }
        for (int stage = 0; stage < parts.length; stage++) {
          if (parts[stage] != null && seen.add(stage)) {
            StagePart part = parts[stage];
            return arrivals -> arrivals.arrived(part);
          }
        }
        long left = end - System.nanoTime();
        if (left <= 0) {
          throw late(deadline);
        }
        changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED,
          "The run was interrupted at the gradient barrier",
          Where.nowhere().atStep(step),
          "",
          e);
    } finally {
      lock.unlock();
    }
  }

  private void throwIfFailed() {
    if (failure != null) {
      throw failure;
    }
  }

  private StagecoachException late(Duration deadline) {
    int[] missing = IntStream.range(0, parts.length).filter(s -> parts[s] == null).toArray();
    return new StagecoachException(
        ErrorKind.DEADLINE,
        "No gradients from stage"
            + (missing.length == 1 ? " " + missing[0] : "s " + Arrays.toString(missing))
            + " within "
            + TimeUnit.NANOSECONDS.toSeconds(deadline.toNanos())
            + " s",
        Where.nowhere().atStep(step),
        "Look at that executor's log and thread dump; raise spark.stagecoach.deadline.step if steps"
            + " really take this long.",
        null);
  }
}
