package io.stagecoach.spark.job.progress;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How fast the steps have been going lately, and so how long the rest will take. Only the last
 * steps count: the first ones of a run are slower, and a cluster's speed changes.
 */
final class Pace {

  private static final int WINDOW = 50;

  private record Mark(long step, long nanos) {}

  private final Deque<Mark> marks = new ArrayDeque<>();
  private final LongSupplier nanoClock;

  Pace(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** This many steps are done now. */
  void mark(long done) {
    marks.addLast(new Mark(done, nanoClock.getAsLong()));
    if (marks.size() > WINDOW + 1) {
      marks.removeFirst();
    }
  }

  /** The time until so many steps are done; empty until two marks lie apart. */
  Optional<Duration> until(long totalSteps) {
    if (marks.size() < 2) {
      return Optional.empty();
    }
    Mark first = marks.getFirst();
    Mark last = marks.getLast();
    long steps = last.step() - first.step();
    if (steps <= 0) {
      return Optional.empty();
    }
    double nanosPerStep = (double) (last.nanos() - first.nanos()) / steps;
    long left = Math.max(0, totalSteps - last.step());
    return Optional.of(Duration.ofNanos(Math.round(nanosPerStep * left)));
  }
}
